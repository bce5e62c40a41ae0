"""900 batches of MNIST under muPC, 30 layers of width 128: pcn beside JPC, alternately.

    ~/pcn-peers/bin/python internal/peers/mupc.py --pcnrun ./pcnrun --data ~/mnist --venvs ~/pcn-peers
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from statistics import median

from time_to_accuracy import run

HERE = Path(__file__).resolve().parent
BATCHES, BATCH = 900, 64
# 29 hidden nodes and the target: 30 layers. The settings are those of `pcnrun reproduce mupc-depth`.
FLAGS = [
    "--network", "resnet-mlp depth=29 width=128 activation=relu precision=0.01", "--validation", "0",
    "--limit", str(BATCHES * BATCH), "--batch", str(BATCH), "--epochs", "1", "--method", "error-coordinates",
    "--steps", "5", "--inference-rate", "0.5", "--rate", "0.03", "--schedule", "cosine",
]


def pcn(args: argparse.Namespace, seed: int) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        text, wall, megabytes = run(
            [args.pcnrun, "train", "mnist", *FLAGS, "--seed", str(seed), "--json", "--out", folder + "/run"],
            {"PCN_DATA": str(args.data.parent)}, args.limit,
        )
    result = json.loads(text)
    return {
        "batch_ms": 1e3 * result["seconds"] / BATCHES, "process": wall, "megabytes": megabytes,
        "test": 100 * result["test_accuracy"],
    }


def jpc(args: argparse.Namespace, seed: int, *flags: str) -> dict:
    text, wall, megabytes = run(
        [str(args.venvs / "jpc" / "bin" / "python"), str(HERE / "jpc_mupc.py"), "--data", str(args.data),
         "--seed", str(seed), "--batches", str(BATCHES), *flags], {}, args.limit,
    )
    result = json.loads(text.strip().splitlines()[-1])
    return {"batch_ms": result["batch_ms"], "process": wall, "megabytes": megabytes, "test": result["test"]}


CONTESTANTS = {
    "pcn": pcn,
    "JPC, as its example": jpc,
    "JPC, a batch in one jit": lambda args, seed: jpc(args, seed, "--jit"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pcnrun", required=True, type=lambda p: str(Path(p).resolve()), help="the pcnrun binary")
    parser.add_argument("--data", required=True, type=lambda p: Path(p).resolve(), help="folder mnist, with its four files")
    parser.add_argument("--venvs", required=True, type=lambda p: Path(p).absolute(), help="folder of the environments")
    parser.add_argument("--seeds", type=int, default=3, help="rounds, each with its seed (default 3)")
    parser.add_argument("--limit", type=float, default=900, help="seconds after which a process is an error (default 900)")
    args = parser.parse_args()
    runs: dict[str, list[dict]] = {name: [] for name in CONTESTANTS}
    for seed in range(1, args.seeds + 1):
        for name in list(CONTESTANTS)[:: -1 if seed % 2 == 0 else 1]:
            runs[name].append(CONTESTANTS[name](args, seed))
            print(f"seed {seed}: {name}: {runs[name][-1]}", file=sys.stderr)
    print("| muPC, 30 × 128, 900 batches of 64 | ms a batch | pcn / it | process, s | pcn / it | test, % | peak MB |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, of in runs.items():
        middle = {key: median(r[key] for r in of) for key in of[0]}
        ours = {key: median(r[key] for r in runs["pcn"]) for key in of[0]}
        print(
            f"| {name} | {middle['batch_ms']:.2f} | **{ours['batch_ms'] / middle['batch_ms']:.2f}** "
            f"| {middle['process']:.1f} | **{ours['process'] / middle['process']:.2f}** "
            f"| {middle['test']:.2f} | {middle['megabytes']:.0f} |"
        )


if __name__ == "__main__":
    main()
