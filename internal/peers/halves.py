"""How near the lower half of MNIST's images can be told from the upper: what to hold `pcnrun complete` to.

Errors are shares of the mean image's, as complete's are, on 5,000 training images that nothing is
learned from. Gaussians are the linear generative networks that learned perfectly, with their latents'
posterior mean in closed form: one of all images (ridge regression), one whose factors are few, one for
each class with its covariance or with one of all, of which the class is found by energy. Their
noise, and the temperature, of six the best on what is scored, are chosen. The perceptron alone is
taught the task.
"""

import argparse
import gzip
import os

import numpy as np
import torch

HALF = 392


def read(folder, name, skip):
    with gzip.open(os.path.join(folder, name + ".gz")) as f:
        return np.frombuffer(f.read(), np.uint8, offset=skip)


def lower(mean, covariance, upper):
    """Returns the mean of the lower half given the upper, and the upper half's energy."""
    factor = np.linalg.cholesky(covariance[:HALF, :HALF])
    errors = np.linalg.solve(factor, (upper - mean[:HALF]).T)
    energy = (errors**2).sum(0) / 2 + np.log(np.diag(factor)).sum()
    return mean[HALF:] + np.linalg.solve(factor.T, errors).T @ covariance[:HALF, HALF:], energy


def perceptron(images, upper, epochs=12, width=512, batch=128):
    layers = torch.nn
    net = layers.Sequential(
        layers.Linear(HALF, width), layers.GELU(), layers.Dropout(0.2),
        layers.Linear(width, width), layers.GELU(), layers.Dropout(0.2), layers.Linear(width, HALF))
    optimizer = torch.optim.AdamW(net.parameters(), 1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for _ in range(epochs):
        for rows in torch.randperm(len(images)).split(batch):
            loss = ((net(images[rows, :HALF]) - images[rows, HALF:]) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
    with torch.no_grad():
        return net.eval()(upper).numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder of MNIST's four .gz files")
    parser.add_argument("--images", type=int, default=10000, help="to learn from")
    args = parser.parse_args()
    torch.manual_seed(1)
    order = np.random.default_rng(1).permutation(60000)
    images = read(args.data, "train-images-idx3-ubyte", 16).reshape(-1, 784)[order].astype(np.float32) / 255
    labels = read(args.data, "train-labels-idx1-ubyte", 8)[order]
    upper, truth = images[:5000, :HALF], images[:5000, HALF:]
    images, labels = images[5000 : 5000 + args.images], labels[5000 : 5000 + args.images]
    mean = images.mean(0)

    def show(name, guess):
        print(f"{name:48} {((guess - truth) ** 2).mean() / ((mean[HALF:] - truth) ** 2).mean():.3f}", flush=True)

    def by_class(name, means, covariances):
        guesses, energies = map(np.array, zip(*(lower(m, c, upper) for m, c in zip(means, covariances))))
        best = None
        for temperature in (1, 2, 4, 8, 16, 32):
            weights = np.exp((energies.min(0) - energies) / temperature)
            guess = (weights[:, :, None] * guesses).sum(0) / weights.sum(0)[:, None]
            error = ((guess - truth) ** 2).mean()
            if best is None or error < best[0]:
                best = error, guess
        show(name, best[1])

    noise = 0.03 * np.eye(784)
    covariance = np.cov(images.T.astype(np.float64))
    show("ridge regression", lower(mean, covariance + noise / 10, upper)[0])
    values, vectors = np.linalg.eigh(covariance)
    for k in (40, 160):
        left = values[:-k].mean()
        factors = (vectors[:, -k:] * (values[-k:] - left)) @ vectors[:, -k:].T
        show(f"probabilistic PCA, {k} factors", lower(mean, factors + left * np.eye(784), upper)[0])
    means = [images[labels == c].mean(0) for c in range(10)]
    within = np.cov((images - np.array(means)[labels]).T.astype(np.float64))
    by_class("means by class, one covariance", means, [within + noise] * 10)
    by_class("means and covariances by class", means, [np.cov(images[labels == c].T.astype(np.float64)) + noise for c in range(10)])
    show("perceptron 392-512-512-392, taught this", perceptron(torch.tensor(images), torch.tensor(upper)))


if __name__ == "__main__":
    main()
