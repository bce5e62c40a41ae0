"""Looks for the settings of `pcnrun reproduce pcx-mnist` and `pcx-fashion`: hundreds of networks at once, on a GPU.

784-128-128-128-10 learns from 50,000 images for 25 epochs in batches of 128, as pcn has it do, and is
scored on 10,000 others; test images are never read. Settings are first drawn at random, then near the best
eight, and of those found the best 16 learn again from four seeds.
"""

import argparse
import functools
import gzip
import os

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

jax.config.update("jax_default_matmul_precision", "highest")

EPOCHS, BATCH, SIZES, LEARN = 25, 128, (784, 128, 128, 128, 10), 50000
RULES = {"backprop": 0, "pc": 8, "pc-cross-entropy": 5, "ipc": 8, "positive": 6, "negative": 6, "epoch": 6}  # and their steps
ACTIVATIONS = {
    "gelu": functools.partial(jax.nn.gelu, approximate=False), "leaky-relu": jax.nn.leaky_relu,
    "relu": jax.nn.relu, "tanh": jnp.tanh, "silu": jax.nn.silu}


def read(folder):
    def part(name, skip):
        with gzip.open(os.path.join(folder, f"train-{name}-ubyte.gz")) as f:
            return np.frombuffer(f.read(), np.uint8, offset=skip)

    order = np.random.default_rng(7).permutation(60000)
    return part("images-idx3", 16).reshape(-1, 784)[order], part("labels-idx1", 8)[order]


def activate(x, kind):
    return jnp.select([kind == i for i in range(len(ACTIVATIONS))], [f(x) for f in ACTIVATIONS.values()])


def predictions(params, x, kind):
    out = []
    for i, (w, b) in enumerate(params):
        x = x @ w.T + b
        if i < len(params) - 1:
            x = activate(x, kind)
        out.append(x)
    return out


def energy(params, first, latents, target, kind, rule):
    """The energy of a batch, in which first is what the images predict."""
    total = ((latents[0] - first) ** 2).sum() / 2
    for (w, b), below, latent in zip(params[1:3], latents, latents[1:]):
        total += ((latent - activate(below @ w.T + b, kind)) ** 2).sum() / 2
    w, b = params[3]
    top = latents[2] @ w.T + b
    if rule == "pc-cross-entropy":
        return total - (target * jax.nn.log_softmax(top)).sum()
    return total + ((target - top) ** 2).sum() / 2


def whole_energy(params, latents, x, target, kind, rule):
    w, b = params[0]
    return energy(params, activate(x @ w.T + b, kind), latents, target, kind, rule)


def adamw(state, gradient, rate, decay):
    params, first, second, t = state
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
    t += 1

    def move(p, m, v):
        shrunk = p * (1 - rate * decay) if p.ndim == 2 else p
        return shrunk - rate * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8)

    return jax.tree.map(move, params, first, second), first, second, t


def learn(rule, data, c, key):
    """Returns the accuracy on the validation images after the last epoch."""
    x_all, y_all, x_validation, y_validation = data
    batches, kind, steps = LEARN // BATCH, c["activation"].astype(jnp.int32), RULES[rule]
    draw, order = jax.random.split(key)
    params = []
    for inputs, outputs in zip(SIZES, SIZES[1:]):
        draw, of_w, of_b = jax.random.split(draw, 3)
        uniform = functools.partial(jax.random.uniform, minval=-(inputs**-0.5), maxval=inputs**-0.5)
        params.append((uniform(of_w, (outputs, inputs)), uniform(of_b, (outputs,))))
    zeros = jax.tree.map(jnp.zeros_like, params)

    def settle_step(latents, velocity, gradient):
        velocity = jax.tree.map(lambda u, g: c["momentum"] * u + g, velocity, gradient)
        return jax.tree.map(lambda v, u: v - c["inference_rate"] * u, latents, velocity), velocity

    def batch(state, job):
        indices, epoch, done, sign = job
        x, y, params = x_all[indices], y_all[indices], state[0]
        rate = c["rate"] * (1 + jnp.cos(jnp.pi * done)) / 2
        if rule == "backprop":
            gradient = jax.grad(lambda p: ((predictions(p, x, kind)[-1] - y) ** 2).sum() / 2 / BATCH)(params)
            return adamw(state, gradient, rate, c["decay"]), None
        *hidden, top = predictions(params, x, kind)
        latents, velocity = tuple(hidden), tuple(map(jnp.zeros_like, hidden))
        if rule == "ipc":
            def both(_, s):
                state, latents, velocity = s
                of_params, of_latents = jax.grad(whole_energy, (0, 1))(state[0], latents, x, y, kind, rule)
                state = adamw(state, jax.tree.map(lambda g: g / BATCH, of_params), rate, c["decay"])
                return state, *settle_step(latents, velocity, of_latents)

            return lax.fori_loop(0, steps, both, (state, latents, velocity))[0], None
        beta, target = 1.0, y
        if rule in ("positive", "negative", "epoch"):
            beta = jnp.minimum(1, c["beta"] + c["ramp"] * epoch) * sign
            target = top + beta * (y - top)

        def step(_, s):
            return settle_step(*s, jax.grad(energy, 2)(params, hidden[0], s[0], target, kind, rule))

        latents, _ = lax.fori_loop(0, steps, step, (latents, velocity))
        gradient = jax.grad(whole_energy)(params, latents, x, target, kind, rule)
        return adamw(state, jax.tree.map(lambda g: g / (BATCH * beta), gradient), rate, c["decay"]), None

    def epoch(state, number):
        key = jax.random.fold_in(order, number)
        indices = jax.random.permutation(key, LEARN)[: batches * BATCH].reshape(batches, BATCH)
        sign = {"negative": -1.0, "epoch": jnp.where(jax.random.bernoulli(jax.random.fold_in(key, 1)), 1.0, -1.0)}.get(rule, 1.0)
        done = (number * batches + jnp.arange(batches)) / (batches * EPOCHS)
        return lax.scan(batch, state, (indices, jnp.full(batches, number), done, jnp.full(batches, sign)))[0], None

    (params, *_), _ = lax.scan(epoch, (params, zeros, zeros, 0), jnp.arange(EPOCHS))
    return (predictions(params, x_validation, kind)[-1].argmax(-1) == y_validation).mean()


def drawn(rule, rng, n):
    def between(low, high):
        return np.exp(rng.uniform(np.log(low), np.log(high), n))

    incremental = rule == "ipc"
    return {
        "rate": between(1e-4, 1.2e-3) if incremental else between(3e-4, 2.5e-3), "decay": between(0.003, 1),
        "inference_rate": between(0.05, 1) if incremental else between(0.005, 0.15),
        "momentum": rng.choice([0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], n),
        "beta": rng.uniform(0.1, 1, n), "ramp": rng.choice([0, 0.02], n),
        "activation": rng.choice(len(ACTIVATIONS), n, p=[0.35, 0.25, 0.15, 0.1, 0.15]).astype(float)}


def near(rule, settings, best, rng, n):
    new, fresh, picked = {}, drawn(rule, rng, n), rng.choice(best, n)
    for name, values in settings.items():
        new[name] = values[picked].copy()
        if name in ("rate", "decay", "inference_rate"):
            new[name] *= np.exp(rng.normal(0, 0.4, n))
        elif name == "beta":
            new[name] = np.clip(new[name] + rng.normal(0, 0.1, n), 0.05, 1)
        else:
            swap = rng.random(n) < 0.2
            new[name][swap] = fresh[name][swap]
    return new


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder of MNIST's or Fashion-MNIST's .gz files")
    parser.add_argument("--rules", default=",".join(RULES))
    parser.add_argument("--each", type=int, default=64, help="settings at once")
    args = parser.parse_args()
    images, labels = read(args.data)
    images, n = jnp.asarray(images, jnp.float32) / 127.5 - 1, args.each
    data = images[:LEARN], jax.nn.one_hot(labels[:LEARN], 10), images[LEARN:], jnp.asarray(labels[LEARN:])
    for rule in args.rules.split(","):
        rng = np.random.default_rng(1)
        train = jax.jit(jax.vmap(functools.partial(learn, rule, data)))

        def scores(settings, seed):
            return np.asarray(train({k: jnp.asarray(v, jnp.float32) for k, v in settings.items()}, jax.random.split(jax.random.key(seed), n)))

        settings = drawn(rule, rng, n)
        accuracy = scores(settings, 1)
        more = near(rule, settings, np.argsort(-accuracy)[:8], rng, n)
        accuracy = np.concatenate([accuracy, scores(more, 2)])
        settings = {k: np.concatenate([v, more[k]]) for k, v in settings.items()}
        best = np.argsort(-accuracy)[: n // 4]
        mean = scores({k: np.repeat(v[best], 4) for k, v in settings.items()}, 3).reshape(-1, 4).mean(1)
        for i in np.argsort(-mean)[:4]:
            found = {k: float(f"{v[best[i]]:.3g}") for k, v in settings.items()}
            found["activation"] = list(ACTIVATIONS)[int(found["activation"])]
            print(rule, f"{100 * mean[i]:.2f} %", found, flush=True)


if __name__ == "__main__":
    main()
