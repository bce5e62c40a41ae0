"""MNIST by Deepity: its SimplePCN, with latents that start at their predictions."""

import argparse
from importlib.metadata import version

import mnist  # first: it has the clock

import deepity
import numpy as np

ACTIVATIONS = {"sigmoid": deepity.Sigmoid, "tanh": deepity.TanH, "relu": deepity.ReLU, "gelu": deepity.GeLU}


class Deepity(mnist.Contestant):
    name, version = "deepity", version("pydeepity")

    def __init__(self, args: argparse.Namespace, train: mnist.Part):
        self.args, self.batch, self.epochs = args, args.batch, args.epochs
        self.images, self.targets = train.images, mnist.one_hot(train.labels)
        self.sizes = [784, *args.hidden, mnist.CLASSES]
        layers = []
        for d, n in zip(self.sizes, self.sizes[1:]):
            layers += [deepity.Linear(d, n), ACTIVATIONS[args.activation]()]
        self.net = deepity.SimplePCN(*layers[:-1], batch_size=self.batch)
        self.net.configure(
            learning_rate=args.rate, inference_rate=args.inference_rate, lmbda=1e-4, optimizer="ADAMW", seed=args.seed
        )

    def learn(self, epoch: int, rows: np.ndarray) -> None:
        self.net.set_learning_rate(self.args.rate * self.args.decay**epoch)
        for at in rows:
            self.net.train_step_with_projection(
                self.images[at].ravel(), self.targets[at].ravel(), self.args.steps, False
            )

    def predict(self, images: np.ndarray) -> np.ndarray:
        scores = []
        for n in range(0, len(images), self.batch):
            x = images[n : n + self.batch]
            full = np.zeros((self.batch, x.shape[1]), np.float32)
            full[: len(x)] = x
            answers = self.net.predict_with_projection(full.ravel(), 0)
            scores.append(np.array(answers).reshape(self.batch, -1)[: len(x)])
        return np.concatenate(scores)

    def parameters(self) -> int:
        return sum((d + 1) * n for d, n in zip(self.sizes, self.sizes[1:]))


if __name__ == "__main__":
    parser = mnist.arguments(__doc__)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch", type=int, default=250)
    parser.add_argument("--rate", type=float, default=0.00373)
    parser.add_argument("--decay", type=float, default=0.94, help="of the rate, each epoch")
    parser.add_argument("--activation", choices=ACTIVATIONS, default="sigmoid")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--inference-rate", type=float, default=0.1)
    mnist.race(Deepity, parser)
