"""Settling and training one batch in JAX, each whole in one jit.

JPC and PCX differentiate the energy with jax.grad; a gradient written by hand is timed too, and
the faster of the two is reported. XLA is free to do what it can: every size and rate is a constant
of the program.
"""

import math

import jax
import jax.numpy as jnp
from jax import lax

from problem import Problem, arguments, cores, load, print_json, time_ms

PHI = {"tanh": jnp.tanh, "identity": lambda v: v}
SLOPE = {"tanh": lambda f: 1 - f * f, "identity": jnp.ones_like}  # of phi, by its value f
RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-8  # Adam, as PyTorch has it


class Peer:
    """A problem as JAX functions of params, a list of (W, b), and clamps, (bottom, top)."""

    def __init__(self, problem: Problem, gradient: str):
        self.p = problem
        self.phi = [PHI[a] for a in problem.activations]
        self.slope = [SLOPE[a] for a in problem.activations]
        self.gradient = {"autodiff": jax.grad(self.free_energy), "by hand": self.by_hand}[gradient]

    def errors(self, params, nodes):
        """The error of each node but the top, and phi of each node but the bottom."""
        f = [phi(v) for phi, v in zip(self.phi, nodes[1:])]
        return [v - (f_n @ w.T + b) for v, f_n, (w, b) in zip(nodes, f, params)], f

    def energy(self, params, nodes):
        return sum(0.5 * jnp.sum(e * e) for e in self.errors(params, nodes)[0])

    def free_energy(self, free, params, clamps):
        return self.energy(params, [clamps[0], *free, clamps[1]])

    def by_hand(self, free, params, clamps):
        """The energy's gradient by the free latents."""
        e, f = self.errors(params, [clamps[0], *free, clamps[1]])
        return [e[n] - (e[n - 1] @ params[n - 1][0]) * self.slope[n - 1](f[n - 1]) for n in range(1, len(e))]

    def settle(self, params, clamps):
        """All nodes after the steps, free latents starting at their predictions."""
        free = []
        for (w, b), phi in zip(params[:0:-1], self.phi[:0:-1]):
            free.insert(0, phi(free[0] if free else clamps[1]) @ w.T + b)

        def step(_, free):
            return [v - self.p.rate * g for v, g in zip(free, self.gradient(free, params, clamps))]

        return [clamps[0], *lax.fori_loop(0, self.p.steps, step, free), clamps[1]]

    def train(self, params, state, clamps):
        """Settles, and takes a step of Adam along the Hebbian update."""
        e, f = self.errors(params, self.settle(params, clamps))
        return self.adam(params, state, [(e_n.T @ f_n / self.p.batch, e_n.mean(0)) for e_n, f_n in zip(e, f)])

    def loss(self, params, clamps):
        """Of the perceptron of the same weights: half the squared error, a mean over the batch."""
        x = clamps[1]
        for (w, b), phi in zip(params[::-1], self.phi[::-1]):
            x = phi(x) @ w.T + b
        return 0.5 * jnp.sum((clamps[0] - x) ** 2) / self.p.batch

    def backprop(self, params, state, clamps):
        """A step of Adam down the perceptron's gradient."""
        gradient = jax.grad(self.loss)(params, clamps)
        return self.adam(params, state, jax.tree.map(jnp.negative, gradient))

    def adam(self, params, state, update):
        t, first, second = state
        t = t + 1
        first = jax.tree.map(lambda m, d: BETA1 * m + (1 - BETA1) * d, first, update)
        second = jax.tree.map(lambda s, d: BETA2 * s + (1 - BETA2) * d * d, second, update)
        params = jax.tree.map(
            lambda x, m, s: x + RATE / (1 - BETA1**t) * m / (jnp.sqrt(s / (1 - BETA2**t)) + EPSILON),
            params, first, second,
        )
        return params, (t, first, second)


def measure(problem: Problem, gradient: str) -> dict[str, float]:
    peer = Peer(problem, gradient)
    settle, train = jax.jit(peer.settle), jax.jit(peer.train, donate_argnums=(0, 1))
    backprop = jax.jit(peer.backprop, donate_argnums=(0, 1))
    params, clamps = jax.device_put((problem.layers, (problem.bottom, problem.top)))
    energy = jax.jit(lambda params, clamps: peer.energy(params, settle(params, clamps)))
    settled: list = []
    learned: list = []

    def infer():
        settled[:] = settle(params, clamps)

    def reset():
        zeros = jax.tree.map(jnp.zeros_like, params)
        learned[:] = jax.tree.map(jnp.copy, (params, (jnp.float32(0), zeros, zeros)))
        jax.block_until_ready(learned)

    def learn():
        learned[:] = train(*learned, clamps)

    reset()
    learn()
    def perceive():
        learned[:] = backprop(*learned, clamps)

    figures = {
        "energy": float(energy(params, clamps)),
        "energy_after_update": float(energy(learned[0], clamps)),
        "settle_ms": time_ms(infer, wait=lambda: jax.block_until_ready(settled)),
        "train_ms": time_ms(learn, wait=lambda: jax.block_until_ready(learned), setup=reset),
    }
    if problem.top.shape[1] > problem.bottom.shape[1]:  # discriminative
        figures["backprop_ms"] = time_ms(perceive, wait=lambda: jax.block_until_ready(learned), setup=reset)
    return figures


def main() -> None:
    problem = load(arguments(__doc__).parse_args().file)
    tried = {gradient: measure(problem, gradient) for gradient in ("autodiff", "by hand")}
    best = {key: min(tried, key=lambda g: tried[g][key]) for key in ("settle_ms", "train_ms")}
    print_json(
        peer="jax",
        settle_ms=tried[best["settle_ms"]]["settle_ms"],
        train_ms=tried[best["train_ms"]]["train_ms"],
        energy=tried[best["settle_ms"]]["energy"],
        energy_after_update=tried[best["train_ms"]]["energy_after_update"],
        backprop_ms=min(t.get("backprop_ms", math.inf) for t in tried.values()),
        version=jax.__version__,
        threads=cores(),
        best=best,
        tried=tried,
    )


if __name__ == "__main__":
    main()
