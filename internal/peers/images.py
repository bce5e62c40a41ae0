"""A training batch of images in PyTorch and JAX, beside pcn: a network of the kind of LeNet.

    python internal/peers/images.py --peer torch|compile|jax|pcn [--rounds 5]

What BenchmarkConvolutions (train/conv_bench_test.go) does, with the weights and the batch that it
writes where PCN_PEERS names a folder: settling for 8 steps at rate 0.05, the Hebbian update, a step
of Adam. Prints the energy after settling and after one update, the milliseconds a batch, those of
the processor over both cores, and the peak memory, as a line of JSON.
"""

import argparse
import os
import re
import resource
import statistics
import subprocess
import time
from pathlib import Path

import numpy as np

from problem import print_json

STEPS, GAMMA = 8, 0.05
RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-8
NAMES = ["hidden1.input.weight", "hidden1.bias", "hidden2.hidden1.weight", "hidden2.bias", "target.hidden2.weight", "target.bias"]


def load(folder):
    from safetensors.numpy import load_file

    n, batch = load_file(f"{folder}/model.safetensors"), load_file(f"{folder}/batch.safetensors")
    return [n[name] for name in NAMES], batch["inputs"].reshape(-1, 28, 28, 1), batch["targets"]


def torch_peer(params, x, y, compiled):
    import torch
    from torch.nn.functional import conv2d, linear, max_pool2d

    x, y = torch.from_numpy(x.transpose(0, 3, 1, 2).copy()), torch.from_numpy(y)
    # pcn's features are channels last, and so are the columns of its dense map
    params[4] = params[4].reshape(10, 7, 7, 64).transpose(0, 3, 1, 2).reshape(10, -1).copy()
    start = [torch.from_numpy(p.copy()) for p in params]
    params = [p.clone().requires_grad_() for p in start]
    adam = torch.optim.Adam(params, lr=RATE, fused=True)

    def sums(h1, h2, p):
        f1, f2 = max_pool2d(torch.tanh(h1), 2), max_pool2d(torch.tanh(h2), 2)
        return conv2d(f1, p[2], p[3], padding=2), linear(f2.flatten(1), p[4], p[5])

    def energy(h1, h2, mu1, p):
        mu2, mu = sums(h1, h2, p)
        return 0.5 * (((h1 - mu1) ** 2).sum() + ((h2 - mu2) ** 2).sum() + ((y - mu) ** 2).sum())

    def begin(p):
        h1 = conv2d(x, p[0], p[1], padding=2)
        return h1, conv2d(max_pool2d(torch.tanh(h1), 2), p[2], p[3], padding=2)

    def settle(p):
        h1, h2 = (v.detach() for v in begin(p))
        mu1 = h1
        for _ in range(STEPS):
            h1, h2 = h1.detach().requires_grad_(), h2.detach().requires_grad_()
            g1, g2 = torch.autograd.grad(energy(h1, h2, mu1, p), (h1, h2))
            h1, h2 = h1 - GAMMA * g1, h2 - GAMMA * g2
        return h1.detach(), h2.detach()

    def settle_graph(p):
        h1, h2 = begin(p)
        mu1, gradient = h1, torch.func.grad(energy, argnums=(0, 1))
        for _ in range(STEPS):
            g1, g2 = gradient(h1, h2, mu1, p)
            h1, h2 = h1 - GAMMA * g1, h2 - GAMMA * g2
        return h1, h2

    frozen = lambda: [p.detach() for p in params]
    run = torch.no_grad()(torch.compile(settle_graph)) if compiled else settle

    def at_rest():
        p = frozen()
        h1, h2 = run(p)
        with torch.no_grad():
            return float(energy(h1, h2, conv2d(x, p[0], p[1], padding=2), p))

    def learn():
        h1, h2 = run(frozen())
        adam.zero_grad()
        (energy(h1, h2, conv2d(x, params[0], params[1], padding=2), params) / len(x)).backward()
        adam.step()

    def reset():
        with torch.no_grad():
            for p, s in zip(params, start):
                p.copy_(s)
        adam.state.clear()

    return at_rest, learn, lambda: None, reset


def jax_peer(params, x, y):
    import jax
    import jax.numpy as jnp
    from jax import lax

    params = [p.transpose(2, 3, 1, 0) if p.ndim == 4 else p for p in params]
    start = jax.device_put([jnp.asarray(p) for p in params])
    x, y = jnp.asarray(x), jnp.asarray(y)

    def conv(v, w, b):
        return lax.conv_general_dilated(v, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")) + b

    def pool(v):
        return lax.reduce_window(v, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

    def energy(free, mu1, p):
        h1, h2 = free
        mu2 = conv(pool(jnp.tanh(h1)), p[2], p[3])
        mu = pool(jnp.tanh(h2)).reshape(len(x), -1) @ p[4].T + p[5]
        return 0.5 * (jnp.sum((h1 - mu1) ** 2) + jnp.sum((h2 - mu2) ** 2) + jnp.sum((y - mu) ** 2))

    def settle(p):
        mu1 = conv(x, p[0], p[1])
        free = (mu1, conv(pool(jnp.tanh(mu1)), p[2], p[3]))
        return lax.fori_loop(0, STEPS, lambda _, f: jax.tree.map(lambda v, g: v - GAMMA * g, f, jax.grad(energy)(f, mu1, p)), free)

    def loss(p, free):
        return energy(free, conv(x, p[0], p[1]), p) / len(x)

    @jax.jit
    def train(p, state):
        gradient = jax.grad(loss)(p, settle(p))
        t, m, s = state
        t = t + 1
        m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, gradient)
        s = jax.tree.map(lambda s, g: BETA2 * s + (1 - BETA2) * g * g, s, gradient)
        step = lambda q, m, s: q - RATE / (1 - BETA1**t) * m / (jnp.sqrt(s / (1 - BETA2**t)) + EPSILON)
        return jax.tree.map(step, p, m, s), (t, m, s)

    rest = jax.jit(lambda p: len(x) * loss(p, settle(p)))
    now = []

    def reset():
        zeros = jax.tree.map(jnp.zeros_like, start)
        now[:] = [start, (jnp.float32(0), zeros, zeros)]

    def learn():
        now[:] = train(*now)

    reset()
    return lambda: float(rest(now[0])), learn, lambda: jax.block_until_ready(now), reset


def pcn(folder, rounds):
    """The benchmark of the repository, and its memory."""
    env = {**os.environ, "PCN_PEERS": folder}
    binary = f"{folder}/train.test"
    root = Path(__file__).resolve().parent.parent.parent
    subprocess.run(["go", "test", "-c", "-o", binary, "./train"], cwd=root, check=True)
    bench = [binary, "-test.run", "XXX", "-test.bench", "Convolutions", "-test.benchtime", f"{5 * rounds}x"]
    process = subprocess.Popen(bench, cwd=root / "train", env=env, stdout=subprocess.PIPE, text=True)
    out = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(out)
    figure = lambda unit: float(re.search(rf"([\d.e+]+) {unit}", out)[1])
    print_json(
        peer="pcn", energy=figure("energy"), energy_after_update=figure("energy_after_update"), train_ms=figure("ns/op") / 1e6,
        cpu_ms=figure("cpu_ms/op"), peak_mb=used.ru_maxrss / 1024,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", choices=["torch", "compile", "jax", "pcn"], required=True)
    parser.add_argument("--folder", default="/tmp/pcn-images", help="where the benchmark writes its network and batch")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    os.makedirs(args.folder, exist_ok=True)
    if args.peer == "pcn":
        return pcn(args.folder, args.rounds)
    problem = load(args.folder)
    energy, learn, wait, reset = jax_peer(*problem) if args.peer == "jax" else torch_peer(*problem, args.peer == "compile")
    first = energy()
    learn()
    second = energy()
    reset()
    learn(), wait()
    wall, cpu = [], []
    for _ in range(args.rounds):
        began, used = time.perf_counter(), time.process_time()
        for _ in range(5):
            learn()
        wait()
        wall.append((time.perf_counter() - began) / 5)
        cpu.append((time.process_time() - used) / 5)
    print_json(
        peer=args.peer, energy=first, energy_after_update=second, train_ms=1e3 * statistics.median(wall), cpu_ms=1e3 * statistics.median(cpu),
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


if __name__ == "__main__":
    main()
