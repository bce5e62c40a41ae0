"""Seconds until 97.5 and 98 % of MNIST's validation part, of pcn and its peers, alternately.

Every contestant's run is a process of its own, which learns from the first 55,000 images of MNIST
and scores the other 5,000 after each epoch. pcn's runs are those of `pcnrun reproduce
time-to-accuracy`; the others are the programs beside this one, by the Python that runs this, or by
that of an environment of their own, --venvs/NAME/bin/python.

    ~/pcn-peers/bin/python internal/peers/time_to_accuracy.py --pcnrun ./pcnrun --data ~/mnist --venvs ~/pcn-peers
"""

import argparse
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
TABLE = "time-to-accuracy"
NETWORKS = {"784-128x3-10": [128, 128, 128], "784-512-512-10": [512, 512]}
EPOCHS = {"784-128x3-10": 2, "784-512-512-10": 1}
GOALS = [97.5, 98.0]
PCN = "pcn"


@dataclass
class Peer:
    script: str
    flags: list[str] = field(default_factory=list)
    venv: str = ""  # of its own; empty for that of this program
    epochs: dict[str, int] = field(default_factory=lambda: EPOCHS)  # by network, in which the rate takes its course


PEERS = {
    "JAX backprop": Peer("jax_mnist.py", ["--rule", "backprop"]),
    "JAX PC": Peer("jax_mnist.py", ["--rule", "pc"]),
    "PyTorch compiled backprop": Peer("torch_mnist.py"),
    "PCX": Peer("pcx_mnist.py", ["--rate", "5e-3"], venv="pcx"),
    "JPC": Peer("jpc_mnist.py", ["--rate", "3e-3"], venv="jpc"),
    "FabricPC": Peer("fabricpc_mnist.py", venv="fabricpc"),
    "Deepity": Peer("deepity_mnist.py", venv="deepity", epochs=dict.fromkeys(NETWORKS, 8)),
}


@dataclass
class Result:
    """What came of one process."""

    curve: list[dict]  # after each epoch: training and elapsed seconds, validation accuracy
    reached: dict[float, dict]  # by goal: the same, and the test accuracy
    megabytes: float  # most that it had in memory
    wall: float
    line: dict = field(default_factory=dict)  # a peer's own

    def at(self, goal: float, key: str) -> float:
        return self.reached[goal][key] if goal in self.reached else math.inf

    @property
    def best(self) -> float:
        return max(e["validation"] for e in self.curve)


class Failed(Exception):
    """A process that did not end well."""


def run(command: list[str], env: dict[str, str], limit: float) -> tuple[str, float, float]:
    """What command prints, its wall time in seconds, and its peak memory in megabytes."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        began = time.time()
        process = subprocess.Popen(
            command, stdout=out, stderr=err, env={**os.environ, **env, "PCN_BEGAN": repr(began)}
        )
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.time() - began > limit:
                process.kill()
                os.wait4(process.pid, 0)
                raise Failed(f"{' '.join(command)}: still running after {limit:.0f} s")
            time.sleep(0.01)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.time() - began
        out.seek(0), err.seek(0)
        if process.returncode != 0:
            raise Failed(f"{' '.join(command)}: exit {process.returncode}\n{out.read()}{err.read()}")
        return out.read(), wall, usage.ru_maxrss / 1024


class PCNRuns:
    """pcn's contestants: the rows of its table of a network, the best first."""

    def __init__(self, pcnrun: str, seeds: int, data: Path, limit: float, quick: bool):
        self.pcnrun, self.seeds, self.limit = pcnrun, seeds, limit
        self.flags = ["--seeds", str(seeds), "--workers", "1", "--json", *(["--quick"] if quick else [])]
        self.env = {"PCN_DATA": str(data.parent)}
        text = subprocess.run([pcnrun, "reproduce", TABLE, "--print"], check=True, capture_output=True, text=True).stdout
        self.rows = re.findall(r"^ *- \{name: ([^,}]+)", text, re.M)
        starts = [run([pcnrun, "version"], {}, limit)[1] for _ in range(5)]
        self.start = median(starts)  # of a process, which a run's own clock does not count

    def contestants(self, network: str) -> dict[str, Callable[[int], Result]]:
        rows = [row for row in self.rows if row.endswith(" " + network)]
        return {f"{PCN}, {row.removesuffix(' ' + network)}": lambda seed, row=row: self.of(row, seed) for row in rows}

    def of(self, row: str, seed: int) -> Result:
        number = self.rows.index(row) * self.seeds + seed
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "table"
            _, wall, megabytes = run(
                [self.pcnrun, "reproduce", TABLE, *self.flags,
                 "--shard", f"{number}/{len(self.rows) * self.seeds}", "--out", str(out)], self.env, self.limit,
            )
            (metrics,) = out.glob("*/metrics.jsonl")
            epochs = [json.loads(line) for line in metrics.read_text().splitlines()]
        result = Result([], {}, megabytes, wall)
        training = 0.0
        for n, e in enumerate(epochs):
            training += e["seconds"]
            score = 100 * e["validation"]["accuracy"]
            result.curve.append({"training": training, "elapsed": self.start + e["elapsed"], "validation": score})
            for goal in GOALS:
                if score >= goal - 1e-9 and goal not in result.reached:
                    result.reached[goal] = {"epoch": n + 1, **result.curve[-1], "test": 100 * e["test"]["accuracy"]}
        return result


def peer_run(peer: Peer, network: str, args: argparse.Namespace) -> Callable[[int], Result]:
    python = str(args.venvs / peer.venv / "bin" / "python") if peer.venv else sys.executable

    def of(seed: int) -> Result:
        with tempfile.TemporaryDirectory() as cache:  # torch.compile's: each process compiles
            text, wall, megabytes = run(
                [python, str(HERE / peer.script), *peer.flags,
                 "--data", str(args.data), "--hidden", *map(str, NETWORKS[network]), "--seed", str(seed),
                 "--epochs", str(peer.epochs[network]),
                 "--goals", *map(str, GOALS), "--seconds", str(args.seconds),
                 *(["--limit", "2000", "--epochs", "2"] if args.quick else [])],
                {"TORCHINDUCTOR_CACHE_DIR": cache}, args.limit,
            )
        line = json.loads(text.strip().splitlines()[-1])
        reached = {float(goal): r for goal, r in line["reached"].items()}
        return Result(line["curve"], reached, megabytes, wall, line)

    return of


def number(x: float, digits: int = 2) -> str:
    return f"{x:.{digits}f}" if math.isfinite(x) else "–"


def report(network: str, runs: dict[str, list[Result]]) -> str:
    """The Markdown table of a network: medians over the runs, and ratios of the first to each."""

    def middle(of: list[Result], goal: float, key: str) -> float:
        return median(r.at(goal, key) for r in of)

    first = next(iter(runs))
    header = [network.replace("x", "×"), "runs"]
    for goal in GOALS:
        header += [f"learning to {goal:g} %, s", "process, s", "test there, %", "first / it: learning", "process"]
    header.append("peak MB")
    lines = []
    for name, of in runs.items():
        cells = [name, str(len(of))]
        for goal in GOALS:
            times = [middle(of, goal, key) for key in ("training", "elapsed")]
            if not math.isfinite(times[0]):
                best, seconds = median(r.best for r in of), median(r.curve[-1]["training"] for r in of)
                cells += [f"not in {seconds:.0f} s: {best:.2f} %", "–", "–", "–", "–"]
                continue
            ours = [middle(runs[first], goal, key) for key in ("training", "elapsed")]
            test = median(r.at(goal, "test") for r in of if goal in r.reached)
            cells += [*map(number, times), number(test), *(f"**{number(a / b)}**" for a, b in zip(ours, times))]
        cells.append(f"{median(r.megabytes for r in of):.0f}")
        lines.append(cells)
    rule = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [header, rule, *lines]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pcnrun", required=True, type=lambda p: str(Path(p).resolve()), help="the pcnrun binary")
    parser.add_argument("--data", required=True, type=lambda p: Path(p).resolve(), help="folder mnist, with its four files")
    parser.add_argument("--venvs", required=True, type=lambda p: Path(p).absolute(), help="folder of the environments")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--contestants", nargs="+", choices=PEERS, default=list(PEERS), help="beside pcn")
    parser.add_argument("--seeds", type=int, default=3, help="rounds, each with its seed (default 3)")
    parser.add_argument("--seconds", type=float, default=60, help="most that a peer may train (default 60)")
    parser.add_argument("--once", type=float, default=45, help="a peer whose first process took longer runs once (default 45 s)")
    parser.add_argument("--limit", type=float, default=600, help="seconds after which a process is an error (default 600)")
    parser.add_argument("--quick", action="store_true", help="2,000 images and 2 epochs, which shows that all goes and no more")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write every run's figures to FILE")
    args = parser.parse_args()
    if args.data.name != "mnist":
        parser.error("--data: must be a folder named mnist")

    ours = PCNRuns(args.pcnrun, args.seeds, args.data, args.limit, args.quick)
    results: dict[str, dict[str, list[Result]]] = {}
    versions: dict[str, str] = {}
    failed: list[str] = []
    for network in args.networks:
        contestants = ours.contestants(network)
        contestants |= {name: peer_run(PEERS[name], network, args) for name in args.contestants}
        runs = results[network] = {name: [] for name in contestants}
        for seed in range(1, args.seeds + 1):
            for name in list(contestants)[:: -1 if seed % 2 == 0 else 1]:
                if name in failed or runs[name] and name in PEERS and runs[name][0].wall > args.once:
                    continue
                try:
                    result = contestants[name](seed)
                except Failed as e:  # the others go on
                    print(f"{network}, seed {seed}: {name}: {e}", file=sys.stderr)
                    failed.append(name)
                    continue
                runs[name].append(result)
                versions |= {name: result.line["version"]} if result.line else {}
                to = ", ".join(f"{g:g} % in {number(result.at(g, 'training'))} s of learning" for g in GOALS)
                print(f"{network}, seed {seed}: {name}: {to}; best {result.best:.2f} %, {result.wall:.1f} s", file=sys.stderr)
        print(report(network, {name: of for name, of in runs.items() if of}), flush=True)
        if args.json:
            raw = {n: {c: [vars(r) for r in of] for c, of in runs.items()} for n, runs in results.items()}
            args.json.write_text(json.dumps(raw, indent=1) + "\n")
    print(", ".join(f"{name} {version}" for name, version in versions.items()) + ".")
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
