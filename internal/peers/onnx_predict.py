"""Exports trained networks as ONNX and holds onnxruntime's outputs against pcnrun's.

Each network learns from the digits for an epoch; the outputs are those for all of their rows, and
of a generative network for the ten labels. A difference above the tolerance is an error.
"""

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

DIGITS = Path(__file__).resolve().parent.parent.parent / "train" / "data" / "digits.csv.gz"
TOLERANCE = 1e-5
EPOCH = "data: {dataset: digits}\ninference: {method: gradient, steps: 8}\nlearning: {epochs: 1}\n"

CHAINS = [["--layers", "64,24,16,10", "--activation", a] for a in ("tanh", "relu", "leaky-relu", "leaky-relu 0.2", "sigmoid", "gelu", "softplus", "hard-tanh", "silu", "elu", "selu", "mish")]
CHAINS += [
    ["--layers", "64,24,10", "--dtype", "float64"],
    ["--layers", "64,24,10", "--energies", "gaussian,gaussian,cross-entropy"],
    ["--direction", "generative", "--layers", "64,24,10"],
    ["--network", "lenet channels1=8 channels2=12", "--method", "gradient"],
    ["--network", "resnet-mlp depth=4 width=32"],
]
NODES = {
    "residual": """
  nodes: [{name: input, size: 64}, {name: h1, size: 24}, {name: h2, size: 24}, {name: target, size: 10}]
  predictions:
    - {of: h1, from: [{nodes: [input]}]}
    - {of: h2, from: [{nodes: [h1], feature: tanh}, {nodes: [h1], map: identity, scale: 0.5}]}
    - {of: target, from: [{nodes: [h2, h1], feature: gelu}, {nodes: [h1], map: dense, scale: 0.3}]}""",
    "LeNet-like": """
  nodes: [{name: input, shape: [8, 8, 1]}, {name: c1, shape: [8, 8, 6]}, {name: c2, shape: [4, 4, 12]}, {name: target, size: 10}]
  predictions:
    - {of: c1, from: [{nodes: [input], map: conv 5x5 pad same}]}
    - {of: c2, from: [{nodes: [c1], feature: "gelu, max-pool 2", map: conv 3 pad 1}]}
    - {of: target, from: [{nodes: [c2], feature: "gelu, max-pool 2, flatten"}], energy: cross-entropy}""",
    "strides, groups and norms": """
  nodes: [{name: input, shape: [8, 8, 1]}, {name: c1, shape: [4, 5, 4]}, {name: c2, shape: [4, 5, 8]}, {name: c3, shape: [4, 5, 8]}, {name: flat, size: 160}, {name: target, size: 10}]
  predictions:
    - {of: c1, from: [{nodes: [input], map: conv 4x2 stride 2 pad 1}], after: layer-norm}
    - {of: c2, from: [{nodes: [c1], feature: "tanh, rms-norm", map: conv 2x3 pad same groups 2}]}
    - {of: c3, from: [{nodes: [c2, c1], feature: leaky-relu, map: conv 3 pad 2 dilate 2}, {nodes: [c2], map: diagonal}, {nodes: [c1], map: dense}]}
    - {of: flat, from: [{nodes: [c3], feature: "hard-tanh, avg-pool 3 stride 1 pad 1", map: diagonal}], after: layer-norm}
    - {of: target, from: [{nodes: [c3], feature: "tanh, upsample 2x1, global-avg-pool"}, {nodes: [flat], feature: tanh}, {nodes: [c2], feature: max-pool 3 stride 2 pad 1}]}""",
    "one dimension": """
  nodes: [{name: input, shape: [16, 4]}, {name: c1, shape: [8, 6]}, {name: c2, shape: [17, 5]}, {name: target, size: 10}]
  predictions:
    - {of: c1, from: [{nodes: [input], map: conv 4 pad 1 stride 2}]}
    - {of: c2, from: [{nodes: [c1], feature: tanh, map: conv-transpose 3 stride 2}]}
    - {of: target, from: [{nodes: [c2], feature: "tanh, avg-pool 2"}]}""",
    "deconv, generative": """
  nodes: [{name: input, shape: [8, 8, 1]}, {name: d1, shape: [4, 4, 6]}, {name: d0, shape: [2, 2, 12]}, {name: target, size: 10}]
  predictions:
    - {of: d0, from: [{nodes: [target]}]}
    - {of: d1, from: [{nodes: [d0], feature: tanh, map: conv-transpose 3 stride 2 pad 1 output-pad 1}]}
    - {of: input, from: [{nodes: [d1], feature: "tanh, upsample 2", map: conv 3 pad same}], energy: bernoulli}""",
}


def pcnrun(*args: str, stdin: str | None = None) -> str:
    done = subprocess.run(args, input=stdin, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(args)}: {done.stderr}")
    return done.stdout


def channels_first(x: np.ndarray, shape: list[int | str]) -> np.ndarray:
    """Rows of (…, C) as a file with this shape takes them."""
    if len(shape) == 2:
        return x
    return np.moveaxis(x.reshape(len(x), *shape[2:], shape[1]), -1, 1)


def rows(x: np.ndarray) -> np.ndarray:
    return np.moveaxis(x, 1, -1).reshape(len(x), -1) if x.ndim > 2 else x


def csv(x: np.ndarray) -> str:
    return "".join(",".join(map(str, row)) + "\n" for row in x.tolist())


def difference(binary: str, folder: Path, inputs: np.ndarray) -> float:
    model, file = str(folder / "model.safetensors"), str(folder / "model.onnx")
    pcnrun(binary, "export", model, "--to", file)
    onnx.checker.check_model(onnx.load(file), full_check=True)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    if given.name == "target":
        x = np.eye(10, dtype=np.float32)
        printed = pcnrun(binary, "generate", model, "-", stdin=csv(x))
        want = np.array([[float(number) for number in line.split(",")] for line in printed.splitlines()])
    else:
        x = inputs
        lines = pcnrun(binary, "predict", model, "--json", stdin=csv(x)).splitlines()
        want = np.array([json.loads(line)["targets"] for line in lines])
    (got,) = session.run(None, {given.name: channels_first(x, given.shape)})
    return float(np.abs(rows(got) - want).max() / max(1, np.abs(want).max()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pcnrun", required=True, help="the command, as go build makes it")
    binary = parser.parse_args().pcnrun
    with gzip.open(DIGITS, "rt") as f:
        inputs = np.loadtxt(f, delimiter=",")[:, :64].astype(np.float32)

    print(f"onnxruntime {onnxruntime.__version__}, onnx {onnx.__version__}")
    worst = 0.0
    with tempfile.TemporaryDirectory() as temporary:
        def show(name: str, *train: str) -> None:
            nonlocal worst
            folder = Path(temporary) / name.replace(" ", "-")
            pcnrun(binary, "train", *train, "-q", "--out", str(folder))
            off = difference(binary, folder, inputs)
            worst = max(worst, off)
            print(f"{off:.1e}  {name}")

        for flags in CHAINS:
            show(" ".join(flags), "digits", "--epochs", "1", *flags)
        for name, nodes in NODES.items():
            for dtype in ("float32", "float64"):
                recipe = Path(temporary) / "recipe.yaml"
                recipe.write_text(f"{EPOCH}model:\n  dtype: {dtype}{nodes}\n")
                show(f"{name}, {dtype}", "--config", str(recipe))
    print(f"{worst:.1e}  largest")
    if not worst <= TOLERANCE:
        sys.exit(f"must be at most {TOLERANCE}")


if __name__ == "__main__":
    main()
