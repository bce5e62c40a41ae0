"""What every peer shares: the problem to solve, the clock, and the JSON line it ends with."""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Problem:
    """One batch to settle, written by `pcnrun bench --problem`.

    Nodes run from the bottom, 0, to the top, L. Both ends are clamped. Layer n = 0..L-1 predicts
    node n from node n+1 as phi(v[n+1]) @ W.T + b.
    """

    layers: list[tuple[np.ndarray, np.ndarray]]  # (W, b): (d_n, d_n+1), (d_n)
    bottom: np.ndarray  # (B, d_0)
    top: np.ndarray  # (B, d_L)
    steps: int
    rate: float  # of inference
    activations: list[str]  # phi of node n+1, for each layer n

    @property
    def batch(self) -> int:
        return self.bottom.shape[0]


def load(path: str) -> Problem:
    """Reads a problem file, and refuses what the peers do not compute."""
    from safetensors import safe_open  # which not every peer's environment has

    with safe_open(path, framework="numpy") as f:
        meta = f.metadata()
        depth = sum(key.endswith(".W.weight") for key in f.keys())
        layers = [(f.get_tensor(f"layers.{n}.W.weight"), f.get_tensor(f"layers.{n}.W.bias")) for n in range(depth)]
        bottom, top = f.get_tensor("clamp.bottom"), f.get_tensor("clamp.top")
    activations = [meta["activation"]] * (depth - 1) + [meta["top_activation"]]
    if unknown := set(activations) - {"tanh", "identity"}:
        raise SystemExit(f"{path}: activation {unknown.pop()}, want tanh or identity")
    if any(a.dtype != np.float32 for a in (bottom, top, *(a for layer in layers for a in layer))):
        raise SystemExit(f"{path}: want float32")
    return Problem(layers, bottom, top, int(meta["steps"]), float(meta["rate"]), activations)


def cores() -> int:
    """The number of cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def time_ms(
    call: Callable[[], object],
    wait: Callable[[], object] = lambda: None,
    setup: Callable[[], object] = lambda: None,
    rounds: int = 9,
    seconds: float = 0.2,
) -> float:
    """Milliseconds a call: the median of rounds, each of calls one after the other.

    setup runs before each round and wait at its end, to make sure that all work is done; only
    the latter is timed. One round of warm-up decides how many calls make a round.
    """

    def round_of(calls: int) -> float:
        setup()
        began = time.perf_counter()
        for _ in range(calls):
            call()
        wait()
        return (time.perf_counter() - began) / calls

    round_of(3)
    calls = max(3, round(seconds / round_of(3)))
    round_of(calls)
    return 1e3 * statistics.median(round_of(calls) for _ in range(rounds))


def arguments(doc: str) -> argparse.ArgumentParser:
    """A parser of the command line that every peer has: the problem's file."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("file", help="problem, as `pcnrun bench --problem` writes it")
    return parser


def print_json(**fields: object) -> None:
    """Prints the result as one line."""
    print(json.dumps(fields), flush=True)
