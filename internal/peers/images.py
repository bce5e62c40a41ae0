"""A training batch of images in PyTorch and JAX, beside pcn: a network of the kind of LeNet, or VGG5.

    python internal/peers/images.py --peer pcn|torch|compile|jax --network lenet|vgg5 [--rounds 5]

What BenchmarkConvolutions (train/conv_bench_test.go) does, with the weights and the batch that it
writes where PCN_PEERS names a folder, so that pcn comes first: settling for 8 steps at rate 0.05, the
Hebbian update, a step of Adam. Prints the energy after settling and after one update, the
milliseconds a batch, those of the processor over all cores, and the peak memory, as a line of JSON.
"""

import argparse
import os
import re
import resource
import statistics
import subprocess
import time
from pathlib import Path

from problem import print_json

STEPS, GAMMA = 8, 0.05
CALLS = 3  # a round
RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-8


class Problem:
    """Weights, a batch, and where the nonlinearity is: before the weights, or behind them."""

    def __init__(self, folder: str, network: str):
        from safetensors.numpy import load_file

        n, batch = load_file(f"{folder}/{network}.safetensors"), load_file(f"{folder}/{network}-batch.safetensors")
        self.after, side, channels = {"lenet": (False, 28, 1), "vgg5": (True, 32, 3)}[network]
        self.hidden = len(n) // 2 - 1
        nodes = ["input", *(f"hidden{i + 1}" for i in range(self.hidden)), "target"]
        self.layers = [(n[f"{of}.{source}.weight"], n[f"{of}.bias"]) for source, of in zip(nodes, nodes[1:])]
        self.x, self.y = batch["inputs"].reshape(-1, side, side, channels), batch["targets"]
        self.pad = self.layers[0][0].shape[2] // 2

    def predictions(self, v, p, conv, f, flat):
        """mu of each node but the input, given v of each but the target; p is weight, bias and so on."""
        mu = []
        for i, u in enumerate(v):
            u = f(u) if i > 0 and not self.after else u
            if i == self.hidden:
                mu.append(flat(u) @ p[2 * i].T + p[2 * i + 1])
            else:
                mu.append(conv(u, p[2 * i], p[2 * i + 1]))
                mu[-1] = f(mu[-1]) if self.after else mu[-1]
        return mu

    def first(self, x, p, conv, f):
        """The prediction of the first hidden node, and all nodes at their predictions."""
        v = [x]
        for i in range(self.hidden):
            u = f(v[-1]) if i > 0 and not self.after else v[-1]
            u = conv(u, p[2 * i], p[2 * i + 1])
            v.append(f(u) if self.after else u)
        return v[1:]


def torch_peer(problem, compiled):
    import torch
    from torch.nn.functional import conv2d, max_pool2d

    x, y = torch.from_numpy(problem.x.transpose(0, 3, 1, 2).copy()), torch.from_numpy(problem.y)
    start = [torch.from_numpy(p.copy()) for layer in problem.layers for p in layer]
    params = [p.clone().requires_grad_() for p in start]
    adam = torch.optim.Adam(params, lr=RATE, fused=True)
    conv = lambda v, w, b: conv2d(v, w, b, padding=problem.pad)
    f = lambda v: max_pool2d(torch.tanh(v), 2)
    flat = lambda v: v.permute(0, 2, 3, 1).flatten(1)  # as pcn has the columns of its dense map

    def energy(free, p):
        mu = problem.predictions([x, *free], p, conv, f, flat)
        return 0.5 * sum(((v - m) ** 2).sum() for v, m in zip([*free, y], mu))

    def settle(p):
        free = [v.detach() for v in problem.first(x, p, conv, f)]
        mu1 = free[0]
        for _ in range(STEPS):
            free = [v.detach().requires_grad_() for v in free]
            free = [v - GAMMA * g for v, g in zip(free, torch.autograd.grad(energy_but_first(free, mu1, p), free))]
        return [v.detach() for v in free]

    def energy_but_first(free, mu1, p):
        """energy, without computing again what the input predicts."""
        mu = problem.predictions([None, *free], p, lambda v, w, b: mu1 if v is None else conv(v, w, b), lambda v: v if v is mu1 else f(v), flat)
        return 0.5 * sum(((v - m) ** 2).sum() for v, m in zip([*free, y], mu))

    def settle_graph(p):
        free = problem.first(x, p, conv, f)
        mu1, gradient = free[0], torch.func.grad(energy_but_first)
        for _ in range(STEPS):
            free = [v - GAMMA * g for v, g in zip(free, gradient(free, mu1, p))]
        return free

    frozen = lambda: [p.detach() for p in params]
    run = torch.no_grad()(torch.compile(settle_graph)) if compiled else settle

    def at_rest():
        p = frozen()
        free = run(p)
        with torch.no_grad():
            return float(energy(free, p))

    def learn():
        free = run(frozen())
        adam.zero_grad()
        (energy(free, params) / len(x)).backward()
        adam.step()

    def reset():
        with torch.no_grad():
            for p, s in zip(params, start):
                p.copy_(s)
        adam.state.clear()

    return at_rest, learn, lambda: None, reset


def jax_peer(problem):
    import jax
    import jax.numpy as jnp
    from jax import lax

    start = jax.device_put([p.transpose(2, 3, 1, 0) if p.ndim == 4 else p for layer in problem.layers for p in layer])
    x, y = jnp.asarray(problem.x), jnp.asarray(problem.y)

    def conv(v, w, b):
        return lax.conv_general_dilated(v, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")) + b

    def f(v):
        return lax.reduce_window(jnp.tanh(v), -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")

    def energy(free, p):  # XLA moves the prediction by the input out of the loop
        mu = problem.predictions([x, *free], p, conv, f, lambda v: v.reshape(len(x), -1))
        return 0.5 * sum(jnp.sum((v - m) ** 2) for v, m in zip([*free, y], mu))

    def settle(p):
        step = lambda _, free: jax.tree.map(lambda v, g: v - GAMMA * g, free, jax.grad(energy)(free, p))
        return lax.fori_loop(0, STEPS, step, problem.first(x, p, conv, f))

    @jax.jit
    def train(p, state):
        gradient = jax.grad(lambda p, free: energy(free, p) / len(x))(p, settle(p))
        t, m, s = state
        t = t + 1
        m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, gradient)
        s = jax.tree.map(lambda s, g: BETA2 * s + (1 - BETA2) * g * g, s, gradient)
        step = lambda q, m, s: q - RATE / (1 - BETA1**t) * m / (jnp.sqrt(s / (1 - BETA2**t)) + EPSILON)
        return jax.tree.map(step, p, m, s), (t, m, s)

    rest = jax.jit(lambda p: energy(settle(p), p))
    now = []

    def reset():
        zeros = jax.tree.map(jnp.zeros_like, start)
        now[:] = [start, (jnp.float32(0), zeros, zeros)]

    def learn():
        now[:] = train(*now)

    reset()
    return lambda: float(rest(now[0])), learn, lambda: jax.block_until_ready(now), reset


def pcn(folder, network, rounds):
    """The benchmark of the repository, and its memory."""
    env = {**os.environ, "PCN_PEERS": folder}
    binary = f"{folder}/train.test"
    root = Path(__file__).resolve().parent.parent.parent
    subprocess.run(["go", "test", "-c", "-o", binary, "./train"], cwd=root, check=True)
    bench = [binary, "-test.run", "XXX", "-test.bench", f"Convolutions/{network}", "-test.benchtime", f"{CALLS * rounds}x"]
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
    parser.add_argument("--network", choices=["lenet", "vgg5"], default="lenet")
    parser.add_argument("--folder", default="/tmp/pcn-images", help="where the benchmark writes its network and batch")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    os.makedirs(args.folder, exist_ok=True)
    if args.peer == "pcn":
        return pcn(args.folder, args.network, args.rounds)
    problem = Problem(args.folder, args.network)
    energy, learn, wait, reset = jax_peer(problem) if args.peer == "jax" else torch_peer(problem, args.peer == "compile")
    first = energy()
    learn()
    second = energy()
    reset()
    learn(), wait()
    wall, cpu = [], []
    for _ in range(args.rounds):
        began, used = time.perf_counter(), time.process_time()
        for _ in range(CALLS):
            learn()
        wait()
        wall.append((time.perf_counter() - began) / CALLS)
        cpu.append((time.process_time() - used) / CALLS)
    print_json(
        peer=args.peer, energy=first, energy_after_update=second, train_ms=1e3 * statistics.median(wall), cpu_ms=1e3 * statistics.median(cpu),
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


if __name__ == "__main__":
    main()
