"""Runs pcn and its peers on the same work, alternately, and prints every ratio.

Each row's problem is made by pcn and solved by every contestant, in an order that turns round with
each round. The figures are medians over the rounds. Contestants that end at different energies did
not do the same work: that is an error.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
DIGITS = HERE.parent.parent / "train" / "data" / "digits.csv.gz"
TOLERANCE = 1e-3  # of the energies, relative

PCN, PORTABLE, JAX, JAX_1, EAGER, COMPILE = (
    "pcn", "pcn portable", "JAX", "JAX, Eigen on 1 thread", "PyTorch eager", "PyTorch compiled"
)
PEERS = [JAX, JAX_1, EAGER, COMPILE]
GAUSS_SEIDEL = "pcn Gauss-Seidel, 1 pass"


@dataclass(frozen=True)
class Row:
    layers: str
    direction: str
    batch: int
    steps: int
    rate: float = 0.05

    def __str__(self) -> str:
        return f"{self.layers.replace(',', '-')}, {self.direction}, batch {self.batch}, T = {self.steps}"

    def flags(self) -> list[str]:
        return [
            "--layers", self.layers, "--direction", self.direction, "--batch", str(self.batch),
            "--steps", str(self.steps), "--inference-rate", str(self.rate), "--dtype", "float32",
        ]


ROWS = {
    "generative-64": Row("784,256,256,10", "generative", 64, 50),
    "generative-256": Row("784,256,256,10", "generative", 256, 50),
    "discriminative-128": Row("784,128,128,128,10", "discriminative", 128, 20),
    "deep-100": Row("784,512,256,128,10", "discriminative", 100, 30),
    "wide-250": Row("784,512,512,10", "discriminative", 250, 20),
    "small-32": Row("1,32,32,1", "discriminative", 32, 20),
}
COLD = "cold-start"


@dataclass
class Runs:
    """What the contestants of one row printed, a list of runs for each."""

    name: str
    of: dict[str, list[dict]] = field(default_factory=dict)

    def median(self, contestant: str, key: str) -> float:
        return median(run[key] for run in self.of[contestant])

    def fastest(self, key: str) -> str:
        return min((c for c in PEERS if c in self.of), key=lambda c: self.median(c, key))

    def check(self, key: str) -> None:
        """Ends the program if the contestants differ in key, where they report it."""
        values = [(c, run[key]) for c, runs in self.of.items() for run in runs if key in run]
        if not all(abs(v - values[0][1]) <= TOLERANCE * abs(values[0][1]) for _, v in values):
            lines = [f"  {c:24} {v!r}" for c, v in values]
            raise SystemExit("\n".join([f"{self.name}: contestants disagree: {key}", *lines]))


def run(command: list[str], env: dict[str, str] | None = None) -> dict:
    """The JSON object that command prints in its last line."""
    done = subprocess.run(command, env={**os.environ, **(env or {})}, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def alternate(name: str, contestants: dict[str, Callable[[], dict]], rounds: int) -> Runs:
    runs = Runs(name, {c: [] for c in contestants})
    for n in range(rounds):
        for c in list(contestants)[:: -1 if n % 2 else 1]:
            print(f"{name}, round {n + 1} of {rounds}: {c}", file=sys.stderr)
            runs.of[c].append(contestants[c]())
    return runs


def compare_row(name: str, pcnrun: str, rounds: int, folder: str, avx2: bool) -> Runs:
    row, problem = ROWS[name], os.path.join(folder, f"{name}.safetensors")
    bench = [pcnrun, "bench", *row.flags(), "--json"]
    held, isa = ({"GODEBUG": "cpu.avx512f=off"}, "--xla_cpu_max_isa=AVX2") if avx2 else ({}, "")
    run([*bench, "--rounds", "1", "--problem", problem], held)

    def python(script: str, *args: str, xla: str = "") -> Callable[[], dict]:
        return lambda: run([sys.executable, str(HERE / script), problem, *args], {"XLA_FLAGS": f"{isa} {xla}".strip()})

    contestants = {
        PCN: lambda: run(bench, held),
        JAX: python("jax_pc.py"),
        EAGER: python("torch_pc.py", "--mode", "eager"),
        PORTABLE: lambda: run([*bench, "--gemm", "portable"]),
        JAX_1: python("jax_pc.py", xla="--xla_cpu_multi_thread_eigen=false"),
        COMPILE: python("torch_pc.py", "--mode", "compile"),
    }
    if row.direction == "discriminative":
        once = [*bench, "--method", "gauss-seidel", "--steps", "1", "--inference-rate", "1"]
        contestants[GAUSS_SEIDEL] = lambda: {"train_ms": run(once, held)["train_ms"]}
    if avx2:
        contestants = {c: of for c, of in contestants.items() if c in (PCN, JAX, JAX_1, GAUSS_SEIDEL)}
    runs = alternate(name, contestants, rounds)
    runs.check("energy")
    runs.check("energy_after_update")
    return runs


def compare_cold(pcnrun: str, rounds: int, folder: str) -> Runs:
    def timed(command: list[str]) -> dict:
        began = time.perf_counter()
        result = run(command)
        return {"wall_s": time.perf_counter() - began, **result}

    return alternate(
        COLD,
        {
            PCN: lambda: timed([
                pcnrun, "train", "digits", "--method", "gradient", "--steps", "20", "--inference-rate", "0.2",
                "--json", "--force", "--out", os.path.join(folder, "digits"),
            ]),
            JAX: lambda: timed([sys.executable, str(HERE / "jax_digits.py"), str(DIGITS)]),
        },
        rounds,
    )


def table(header: list[str], lines: list[list[str]]) -> str:
    rule = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [header, rule, *lines]) + "\n"


def report(rows: dict[str, Runs]) -> str:
    """The Markdown tables."""
    parts = []
    timed = {name: runs for name, runs in rows.items() if name != COLD}
    for title, key in ("Settling", "settle_ms"), ("Whole training batch", "train_ms"):
        lines = []
        for name, runs in timed.items():
            ms = {c: runs.median(c, key) for c in [PCN, *PEERS] if c in runs.of}
            ratio = ms[PCN] / ms[runs.fastest(key)]
            lines.append([str(ROWS[name]), *(f"{x:.3g}" for x in ms.values()), f"**{ratio:.2f}**"])
        if lines:
            parts.append(table([f"{title}, ms", *ms, "pcn / fastest peer"], lines))
    lines = []
    for name, runs in timed.items():
        if PORTABLE not in runs.of:
            continue
        ours, theirs = runs.median(PORTABLE, "settle_ms"), runs.median(EAGER, "settle_ms")
        lines.append([str(ROWS[name]), f"{ours:.3g}", f"{theirs:.3g}", f"**{ours / theirs:.2f}**"])
    if lines:
        parts.append(table(["Settling with portable matrix products, ms", "pcn --gemm portable", EAGER, "ratio"], lines))
    lines = []
    for name, runs in timed.items():
        if GAUSS_SEIDEL in runs.of:
            ours, theirs = runs.median(GAUSS_SEIDEL, "train_ms"), runs.median(JAX, "train_ms")
            backprop = runs.median(JAX, "backprop_ms")
            lines.append([
                str(ROWS[name]), f"{ours:.3g}", f"{theirs:.3g}", f"**{ours / theirs:.2f}**",
                f"{backprop:.3g}", f"{backprop / theirs:.2f}",
            ])
    if lines:
        header = ["Whole training batch, ms", GAUSS_SEIDEL, f"{JAX}, T steps", "ratio", f"{JAX}, backprop", "its ratio"]
        parts.append(table(header, lines))
    if COLD in rows:
        runs = rows[COLD]
        ours, theirs = runs.median(PCN, "wall_s"), runs.median(JAX, "wall_s")
        cells = ["process start to end, s", f"{ours:.2f}", f"{theirs:.2f}", f"**{ours / theirs:.2f}**"]
        score = [f"{100 * runs.median(c, 'test_accuracy'):.1f}" for c in (PCN, JAX)]
        parts.append(table(["Cold start, digits", PCN, JAX, "ratio"], [cells, ["test accuracy, %", *score, ""]]))
    return "\n".join(parts)


def cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pcnrun", required=True, metavar="PATH", help="the pcnrun binary")
    parser.add_argument("--rows", nargs="+", choices=[*ROWS, COLD], default=[*ROWS, COLD], help="default all")
    parser.add_argument("--rounds", type=int, default=3, help="times that each contestant runs (default 3)")
    parser.add_argument("--avx2", action="store_true", help="hold pcn and JAX to AVX2, and leave out the others and the cold start")
    parser.add_argument("--json", metavar="FILE", help="write every run's figures to FILE")
    args = parser.parse_args()
    if args.rounds < 1:
        parser.error("--rounds: want a whole number >= 1")
    pcnrun = os.path.abspath(args.pcnrun)

    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in args.rows:
            if name != COLD:
                rows[name] = compare_row(name, pcnrun, args.rounds, folder, args.avx2)
            elif not args.avx2:
                rows[name] = compare_cold(pcnrun, args.rounds, folder)
    versions = {"python": platform.python_version()}
    for runs in rows.values():
        for c, of in runs.of.items():
            versions.update({c: run["version"] for run in of if "version" in run})
            versions.update({f"{c} kernel": run["gemm"] for run in of if "gemm" in run})
    cpu = {"name": cpu_name(), "cores": os.cpu_count()}
    if args.json:
        raw = {"cpu": cpu, "versions": versions, "rounds": args.rounds, "rows": {n: r.of for n, r in rows.items()}}
        Path(args.json).write_text(json.dumps(raw, indent=1) + "\n")
    print(report(rows))
    print(f"{cpu['name']}, {cpu['cores']} cores; " + ", ".join(f"{k} {v}" for k, v in versions.items()) + ".")


if __name__ == "__main__":
    main()
