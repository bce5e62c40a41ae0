"""The digits default recipe in JAX, from process start to the test score: the cold start.

The same work as `pcnrun train digits`: 64-128-128-10, discriminative, leaky ReLU, 20 steps of
settling at rate 0.2, Adam with a cosine schedule from 0.002, 40 epochs of batches of 32, a split of
70/15/15 %, a validation score after each epoch. All of it is one jit: a scan over epochs of a scan
over batches. What is drawn at random or known beforehand is made with NumPy, which compiles nothing.
"""

import time

began = time.perf_counter()

import argparse  # noqa: E402
import gzip  # noqa: E402

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
from jax import lax  # noqa: E402

from problem import print_json  # noqa: E402

SIZES = [10, 128, 128, 64]  # bottom to top: the target, hidden nodes, the input
STEPS, INFERENCE_RATE, SLOPE = 20, 0.2, 0.01
EPOCHS, BATCH, RATE = 40, 32, 0.002
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


def phi(layer: int, v):
    """The activation of the node above a layer: leaky ReLU, at the top the identity."""
    return v if layer == len(SIZES) - 2 else jnp.maximum(v, SLOPE * v)


def predict(params, top):
    """The prediction of every node but the top, in one pass from the top down."""
    nodes = [top]
    for layer in reversed(range(len(params))):
        w, b = params[layer]
        nodes.insert(0, phi(layer, nodes[0]) @ w.T + b)
    return nodes[:-1]


def settle(params, bottom, top):
    """The error of each node but the top after settling, and phi of each node but the bottom."""

    def errors(free):
        f = [phi(layer, v) for layer, v in enumerate([*free, top])]
        return [v - (f_n @ w.T + b) for v, f_n, (w, b) in zip([bottom, *free], f, params)], f

    def step(_, free):
        e, _ = errors(free)
        back = [e_n @ w * jnp.where(v > 0, 1, SLOPE) for e_n, (w, _), v in zip(e, params, free)]
        return [v - INFERENCE_RATE * (e_n - b) for v, e_n, b in zip(free, e[1:], back)]

    return errors(lax.fori_loop(0, STEPS, step, predict(params, top)[1:]))


def run(params, pixels, labels, train, schedule, validation, test):
    """Trains, and returns the accuracy on the validation part after each epoch and on the test part at the end."""

    def accuracy(params, rows):
        return jnp.mean(predict(params, pixels[rows] / 16)[0].argmax(1) == labels[rows])

    def batch(carry, x):
        params, first, second = carry
        (rows, weight), (rate, scale) = x
        target = (labels[rows][:, None] == jnp.arange(SIZES[0])).astype(jnp.float32)
        e, f = settle(params, target, pixels[rows] / 16)
        e = [e_n * weight[:, None] for e_n in e]
        update = [(e_n.T @ f_n, e_n.sum(0)) for e_n, f_n in zip(e, f)]
        first = jax.tree.map(lambda m, d: BETA1 * m + (1 - BETA1) * d, first, update)
        second = jax.tree.map(lambda s, d: BETA2 * s + (1 - BETA2) * d * d, second, update)
        params = jax.tree.map(
            lambda p, m, s: p + rate * m / (jnp.sqrt(s * scale) + EPSILON), params, first, second
        )
        return (params, first, second), None

    def epoch(carry, x):
        carry, _ = lax.scan(batch, carry, x)
        return carry, accuracy(carry[0], validation)

    zeros = jax.tree.map(jnp.zeros_like, params)
    carry, scores = lax.scan(epoch, (params, zeros, zeros), (train, schedule))
    return carry[0], scores, accuracy(carry[0], test)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("csv", help="64 pixels 0..16 and a label a line; .gz is read too")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with (gzip.open if args.csv.endswith(".gz") else open)(args.csv, "rt") as f:
        table = np.array([line.split(",") for line in f.read().split()], np.uint8)
    pixels, labels = table[:, :-1].astype(np.float32), table[:, -1]

    rng = np.random.default_rng(args.seed)
    cuts = np.rint(np.cumsum([0.7, 0.15]) * len(table)).astype(int)
    train, validation, test = np.split(rng.permutation(len(table)).astype(np.int32), cuts)
    params = []
    for below, above in zip(SIZES, SIZES[1:]):
        bound = np.sqrt(6 / (below + above))  # Xavier
        w = rng.uniform(-bound, bound, (below, above)).astype(np.float32)
        params.append((w, np.zeros(below, np.float32)))

    # The last batch of an epoch is short: it is filled up with examples that weigh nothing.
    batches = -(-len(train) // BATCH)
    rows = np.stack([np.resize(rng.permutation(train), batches * BATCH) for _ in range(EPOCHS)])
    real = (np.arange(batches * BATCH) < len(train)).reshape(batches, BATCH)
    weight = np.broadcast_to(real / real.sum(1, keepdims=True), (EPOCHS, batches, BATCH)).astype(np.float32)
    done = np.arange(EPOCHS * batches)
    rate = RATE * (1 + np.cos(np.pi * done / len(done))) / 2 / (1 - BETA1 ** (done + 1))
    scale = 1 / (1 - BETA2 ** (done + 1))
    schedule = [x.astype(np.float32).reshape(EPOCHS, batches) for x in (rate, scale)]

    compiled = jax.jit(run).lower(
        params, pixels, labels, (rows.reshape(weight.shape), weight), schedule, validation, test
    ).compile()
    ready = time.perf_counter()
    _, scores, score = compiled(
        params, pixels, labels, (rows.reshape(weight.shape), weight), schedule, validation, test
    )
    score = float(score)
    ended = time.perf_counter()
    print_json(
        peer="jax",
        test_accuracy=score,
        validation_accuracy=float(scores[-1]),
        seconds=ended - began,  # from the first line of this file
        training_seconds=ended - ready,
        version=jax.__version__,
    )


if __name__ == "__main__":
    main()
