"""The race to an accuracy on MNIST: the parts, the clock and the JSON line that all its peers share.

A peer is a program that makes a Contestant and calls race. time_to_accuracy.py starts each in a
process of its own.
"""

import os
import time

BEGAN = float(os.environ.get("PCN_BEGAN", time.time()))  # when this process was started, by who did

import argparse  # noqa: E402
import gzip  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402

from problem import print_json  # noqa: E402

VALIDATION = 5000  # the last of the training images, as pcnrun takes them
CLASSES = 10


@dataclass(frozen=True)
class Part:
    images: np.ndarray  # (n, 784) float32, 0 black to 1 white
    labels: np.ndarray  # (n,) int32

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, n: int) -> "Part":
        return Part(self.images[:n], self.labels[:n])


def standardized(images: np.ndarray) -> np.ndarray:
    """Images by the mean and the deviation of MNIST's pixels."""
    return (images - np.float32(0.1307)) / np.float32(0.3081)


def one_hot(labels: np.ndarray, off: float = 0, on: float = 1) -> np.ndarray:
    return np.where(labels[:, None] == np.arange(CLASSES), np.float32(on), np.float32(off))


class Contestant:
    """What a peer makes of its library: a network, and how it learns and answers.

    The constructor takes the arguments of the command line and the training part.
    """

    name: str
    version: str

    def warm_up(self, images: np.ndarray) -> None:
        """Compiles whatever learning and predict(images) compile, and leaves the network as it is."""

    def learn(self, epoch: int, rows: np.ndarray) -> None:
        """Learns from batches of rows of the training part, (batches, batch), and waits for the end."""
        raise NotImplementedError

    def predict(self, images: np.ndarray) -> np.ndarray:
        """The class of each image, or its scores of all classes."""
        raise NotImplementedError

    def parameters(self) -> int:
        """Weights and biases that are learned."""
        raise NotImplementedError


def read_idx(path: Path) -> np.ndarray:
    with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as f:
        raw = f.read()
    header = 4 + 4 * raw[3]
    return np.frombuffer(raw, np.uint8, offset=header).reshape(np.frombuffer(raw, ">u4", raw[3], 4).astype(int))


def read_part(folder: Path, name: str) -> Part:
    arrays = []
    for file in f"{name}-images-idx3-ubyte", f"{name}-labels-idx1-ubyte":
        path = folder / file
        arrays.append(read_idx(path if path.exists() else folder / (file + ".gz")))
    images, labels = arrays
    return Part(images.reshape(len(images), -1).astype(np.float32) / np.float32(255), labels.astype(np.int32))


def accuracy(contestant: Contestant, part: Part) -> float:
    """The share of the images that are told right, in percent."""
    answers = np.asarray(contestant.predict(part.images))
    if answers.ndim == 2:
        answers = answers.argmax(1)
    return 100 * float((answers == part.labels).mean())


def arguments(doc: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--data", required=True, type=Path, help="folder with MNIST's four files, plain or .gz")
    parser.add_argument("--hidden", nargs="+", type=int, default=[128, 128, 128], help="sizes of the hidden layers")
    parser.add_argument("--seed", type=int, default=1, help="of the weights and the order of the images")
    parser.add_argument("--goals", nargs="+", type=float, default=[97.5, 98.0], help="in percent of the validation part")
    parser.add_argument("--seconds", type=float, default=60, help="most that training may take")
    parser.add_argument("--limit", type=int, help="learn from so many images alone")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--epochs", type=int, default=2, help="the most, in which the rate takes its course")
    parser.add_argument("--rate", type=float, default=6e-3, help="of Adam, the highest")
    parser.add_argument("--schedule", choices=["cosine", "linear"], default="linear", help="how the rate falls to 0")
    parser.add_argument("--warmup", type=float, default=0.2, help="share of training over which the rate rises from 0")
    parser.add_argument("--beta2", type=float, default=0.95, help="of Adam")
    return parser


def rates(args: argparse.Namespace, epoch: int, batches: int) -> np.ndarray:
    """The rate of each batch of an epoch, (batches,) float32."""
    done = (epoch + np.arange(batches) / batches) / args.epochs
    rising, falling = done / (args.warmup or 1), (done - args.warmup) / (1 - args.warmup)
    fall = {"cosine": (1 + np.cos(np.pi * falling)) / 2, "linear": 1 - falling}[args.schedule]
    return (args.rate * np.where(done < args.warmup, rising, fall)).astype(np.float32)


def every_rate(args: argparse.Namespace, images: int) -> np.ndarray:
    """The rate of each batch of all epochs."""
    return np.concatenate([rates(args, epoch, images // args.batch) for epoch in range(args.epochs)])


def settling(parser: argparse.ArgumentParser, rate: float = 0.05) -> None:
    """Adds the flags of predictive coding."""
    parser.add_argument("--steps", type=int, help="T, by default as many as hidden layers")
    parser.add_argument("--inference-rate", type=float, default=rate)


def steps_of(args: argparse.Namespace) -> int:
    return len(args.hidden) if args.steps is None else args.steps


def race(make: type[Contestant], parser: argparse.ArgumentParser) -> None:
    """Trains until all goals are reached, the epochs have ended or the time is up, and prints what came of it.

    After each epoch the validation part is scored. "training" is the time of the epochs alone,
    once all is compiled; "elapsed" is that of the process, all of it but the scores of the test
    part, which is told once for each goal, where it is reached.
    """
    args = parser.parse_args()
    whole, test = read_part(args.data, "train"), read_part(args.data, "t10k")
    validation = Part(whole.images[-VALIDATION:], whole.labels[-VALIDATION:])
    train = whole.first(min(args.limit or len(whole), len(whole) - VALIDATION))
    peer = make(args, train)
    peer.warm_up(validation.images)
    rng = np.random.default_rng(args.seed)
    began = time.time()
    training = away = 0.0
    curve, reached = [], {}
    for epoch in range(args.epochs):
        order = rng.permutation(len(train))[: len(train) // args.batch * args.batch]
        start = time.perf_counter()
        peer.learn(epoch, order.reshape(-1, args.batch))
        training += time.perf_counter() - start
        score = accuracy(peer, validation)
        elapsed = time.time() - BEGAN - away
        curve.append({"training": training, "elapsed": elapsed, "validation": score})
        start = time.perf_counter()
        for goal in args.goals:
            if score >= goal - 1e-9 and str(goal) not in reached:
                reached[str(goal)] = {"epoch": epoch + 1, **curve[-1], "test": accuracy(peer, test)}
        away += time.perf_counter() - start
        if len(reached) == len(args.goals) or training > args.seconds:
            break
    print_json(
        peer=peer.name,
        version=peer.version,
        sizes=[784, *args.hidden, CLASSES],
        parameters=peer.parameters(),
        batch=args.batch,
        before_training=began - BEGAN,  # imports, data, compilation
        reached=reached,
        curve=curve,
    )
