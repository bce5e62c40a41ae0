"""MNIST by backpropagation in PyTorch: the forward and backward pass under torch.compile, fused Adam."""

import argparse

import mnist  # first: it has the clock

import numpy as np
import torch
from torch import nn


class PyTorch(mnist.Contestant):
    name, version = "pytorch compiled", torch.__version__

    def __init__(self, args: argparse.Namespace, train: mnist.Part):
        self.args = args
        torch.manual_seed(args.seed)
        sizes = [784, *args.hidden, mnist.CLASSES]
        layers: list[nn.Module] = []
        for d, n in zip(sizes, sizes[1:]):
            layers += [nn.Linear(d, n), nn.GELU(approximate="tanh")]
            nn.init.xavier_uniform_(layers[-2].weight)
            nn.init.zeros_(layers[-2].bias)
        self.model = nn.Sequential(*layers[:-1])
        self.adam = torch.optim.Adam(self.model.parameters(), lr=torch.tensor(args.rate), betas=(0.9, args.beta2), fused=True)
        self.images = torch.from_numpy(train.images)
        self.targets = torch.from_numpy(mnist.one_hot(train.labels))
        self.loss = torch.compile(self._loss)
        self.scores = torch.compile(self.model)

    def _loss(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return 0.5 * ((y - self.model(x)) ** 2).sum() / len(x)

    def warm_up(self, images: np.ndarray) -> None:
        self.loss(self.images[: self.args.batch], self.targets[: self.args.batch]).backward()
        self.model.zero_grad()
        self.predict(images)

    def learn(self, epoch: int, rows: np.ndarray) -> None:
        for rate, at in zip(mnist.rates(self.args, epoch, len(rows)), torch.from_numpy(rows)):
            self.adam.param_groups[0]["lr"].fill_(float(rate))
            self.loss(self.images[at], self.targets[at]).backward()
            self.adam.step()
            self.adam.zero_grad()

    def predict(self, images: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return self.scores(torch.from_numpy(images)).argmax(1).numpy()

    def parameters(self) -> int:
        return sum(p.numel() for p in self.model.parameters())


if __name__ == "__main__":
    mnist.race(PyTorch, mnist.arguments(__doc__))
