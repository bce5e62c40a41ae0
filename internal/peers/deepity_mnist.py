"""MNIST by Deepity: its SimplePCN, with latents that start at their predictions."""

import argparse
import math
from importlib.metadata import version

import mnist  # first: it has the clock

import deepity
import numpy as np


class Deepity(mnist.Contestant):
    name, version = "deepity", version("pydeepity")

    def __init__(self, args: argparse.Namespace, train: mnist.Part):
        self.args = args
        self.images, self.targets = train.images, mnist.one_hot(train.labels)
        sizes = [784, *args.hidden, mnist.CLASSES]
        layers = []
        for d, n in zip(sizes, sizes[1:]):
            layers += [deepity.Linear(d, n), deepity.GeLU()]
        self.net = deepity.SimplePCN(*layers[:-1], batch_size=args.batch)
        self.net.configure(
            learning_rate=args.rate, inference_rate=args.inference_rate, lmbda=1e-4, optimizer="ADAMW", seed=args.seed
        )

    def learn(self, epoch: int, rows: np.ndarray) -> None:
        steps = mnist.steps_of(self.args)
        self.net.set_learning_rate(self.args.rate * (1 + math.cos(math.pi * epoch / self.args.epochs)) / 2)
        for at in rows:
            self.net.train_step_with_projection(self.images[at].ravel(), self.targets[at].ravel(), steps, False)

    def predict(self, images: np.ndarray) -> np.ndarray:
        batch, scores = self.args.batch, []
        for n in range(0, len(images), batch):
            x = images[n : n + batch]
            full = np.zeros((batch, x.shape[1]), np.float32)
            full[: len(x)] = x
            answers = self.net.predict_with_projection(full.ravel(), 0)
            scores.append(np.array(answers).reshape(batch, -1)[: len(x)])
        return np.concatenate(scores)

    def parameters(self) -> int:
        return sum(np.size(layer.weights) + np.size(layer.biases) for layer in self.net.layers)


if __name__ == "__main__":
    parser = mnist.arguments(__doc__)
    mnist.settling(parser, 0.1)
    parser.set_defaults(rate=1e-3, epochs=8, steps=5)
    mnist.race(Deepity, parser)
