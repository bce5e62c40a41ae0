"""MNIST by predictive coding or by backpropagation in JAX, an epoch in one jit.

Predictive coding with the latent after the nonlinearity, starting at its prediction: T steps of
gradient descent on the hidden latents, then a step of Adam down the energy's gradient by the weights.
What the clamped images predict is computed once a batch. Backpropagation is of the same network and
the same loss, half the squared error.
"""

import argparse
from functools import partial

import mnist  # first: it has the clock

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

BETA1, EPSILON = 0.9, 1e-8  # of Adam


phi = jax.nn.gelu


def layer(w, x):
    return x @ w[0] + w[1]


def forward(params, x):
    """The prediction of each node in turn, the last without a nonlinearity."""
    nodes = []
    for w in params[:-1]:
        x = phi(layer(w, x))
        nodes.append(x)
    return [*nodes, layer(params[-1], x)]


def loss(params, x, y):
    return 0.5 * jnp.sum((y - forward(params, x)[-1]) ** 2) / len(x)


def energy_above(hidden, params, first, y):
    """The energy of latents, given what the first layer predicts."""
    e = jnp.sum((hidden[0] - first) ** 2)
    for w, below, above in zip(params[1:-1], hidden, hidden[1:]):
        e += jnp.sum((above - phi(layer(w, below))) ** 2)
    return 0.5 * (e + jnp.sum((y - layer(params[-1], hidden[-1])) ** 2))


def energy(params, hidden, x, y):
    return energy_above(hidden, params, phi(layer(params[0], x)), y) / len(x)


def gradient(params, x, y, rule: str, steps: int, inference_rate: float):
    if rule == "backprop":
        return jax.grad(loss)(params, x, y)
    hidden = forward(params, x)[:-1]
    first = hidden[0]
    for _ in range(steps):
        down = jax.grad(energy_above)(hidden, params, first, y)
        hidden = [h - inference_rate * d for h, d in zip(hidden, down)]
    return jax.grad(energy)(params, hidden, x, y)


@partial(jax.jit, static_argnames=("rule", "steps", "inference_rate", "beta2"), donate_argnums=(0, 1))
def epoch_of(params, state, images, labels, rows, rate, rule: str, steps: int, inference_rate: float, beta2: float):
    """The network and Adam's state after batches of rows, each with its rate."""

    def batch(carry, x):
        params, (t, first, second) = carry
        at, rate = x
        y = jax.nn.one_hot(labels[at], mnist.CLASSES)
        g = gradient(params, images[at], y, rule, steps, inference_rate)
        t += 1
        first = jax.tree.map(lambda m, d: BETA1 * m + (1 - BETA1) * d, first, g)
        second = jax.tree.map(lambda v, d: beta2 * v + (1 - beta2) * d * d, second, g)
        a, b = 1 - BETA1**t, 1 - beta2**t
        params = jax.tree.map(lambda w, m, v: w - rate / a * m / (jnp.sqrt(v / b) + EPSILON), params, first, second)
        return (params, (t, first, second)), None

    return lax.scan(batch, (params, state), (rows, rate))[0]


@jax.jit
def classes(params, images):
    return forward(params, images)[-1].argmax(1)


class JAX(mnist.Contestant):
    def __init__(self, args: argparse.Namespace, train: mnist.Part):
        self.name, self.version = f"jax {args.rule}", jax.__version__
        self.args, self.batches = args, len(train) // args.batch
        self.images, self.labels = jax.device_put((train.images, train.labels))
        self.start(args.seed, [784, *args.hidden, mnist.CLASSES])

    def start(self, seed: int, sizes: list[int]) -> None:
        rng = np.random.default_rng(seed)
        self.params = []
        for d, n in zip(sizes, sizes[1:]):
            bound = np.sqrt(6 / (d + n))  # Xavier
            self.params.append((rng.uniform(-bound, bound, (d, n)).astype(np.float32), np.zeros(n, np.float32)))
        self.params = jax.device_put(self.params)
        self.state = (jnp.float32(0), jax.tree.map(jnp.zeros_like, self.params), jax.tree.map(jnp.zeros_like, self.params))

    def warm_up(self, images: np.ndarray) -> None:
        rows = np.zeros((self.batches, self.args.batch), np.int32)
        rate = np.zeros(self.batches, np.float32)
        self.compiled = epoch_of.lower(
            self.params, self.state, self.images, self.labels, rows, rate,
            rule=self.args.rule, steps=mnist.steps_of(self.args), inference_rate=self.args.inference_rate, beta2=self.args.beta2,
        ).compile()
        self.predict(images)

    def learn(self, epoch: int, rows: np.ndarray) -> None:
        self.params, self.state = self.compiled(
            self.params, self.state, self.images, self.labels, rows.astype(np.int32), mnist.rates(self.args, epoch, len(rows))
        )
        jax.block_until_ready(self.params)

    def predict(self, images: np.ndarray) -> np.ndarray:
        return np.asarray(classes(self.params, images))

    def parameters(self) -> int:
        return sum(x.size for x in jax.tree.leaves(self.params))


if __name__ == "__main__":
    parser = mnist.arguments(__doc__)
    mnist.settling(parser)
    parser.add_argument("--rule", choices=["pc", "backprop"], default="pc")
    mnist.race(JAX, parser)
