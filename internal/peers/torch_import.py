"""Imports state dicts of PyTorch modules, and holds what pcnrun makes of inputs against the modules'.

Weights are as PyTorch draws them; inputs are the digits, their pixels in [0, 1], and of a generative
network the ten labels. A difference above the tolerance is an error.
"""

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

DIGITS = Path(__file__).resolve().parent.parent.parent / "train" / "data" / "digits.csv.gz"
TOLERANCE = 1e-5


class LeNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 12, 3, padding=1)
        self.fc1, self.fc2 = nn.Linear(12 * 2 * 2, 24), nn.Linear(24, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = nn.functional.max_pool2d(nn.functional.gelu(self.conv1(x)), 2)
        x = nn.functional.max_pool2d(nn.functional.gelu(self.conv2(x)), 2)
        return self.fc2(torch.tanh(self.fc1(x.flatten(1))))


class VGG(nn.Module):
    """As torchvision names them, without biases of convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1, stride=2, groups=2, bias=False),
            nn.ReLU(), nn.Conv2d(8, 16, 3, padding=1, bias=False), nn.ReLU(), nn.AvgPool2d(2))
        self.classifier = nn.Sequential(nn.Linear(16 * 2 * 2, 32), nn.ReLU(), nn.Linear(32, 10))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(x).flatten(1))


class Residual(nn.Module):
    """Layers of one shape whose names do not say their order."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.left, self.right, self.head = nn.Linear(64, 20), nn.Linear(20, 20), nn.Linear(20, 20), nn.Linear(20, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        a = self.embed(x)
        b = a + self.left(torch.tanh(a))
        return self.head(torch.tanh(b + self.right(torch.tanh(b))))


@dataclass
class Case:
    name: str
    module: nn.Module
    settings: str
    shape: tuple[int, ...] = (64,)
    names: dict[str, str] = field(default_factory=dict)
    generates: bool = False


PIXELS = "data: {dataset: digits, pixels: [0, 1]}\n"
GRADIENT = "inference: {method: gradient, steps: 8}\n"
CASES = [
    Case("nn.Sequential of seven layers",
         nn.Sequential(nn.Linear(64, 32), nn.Tanh(), *[layer for _ in range(5) for layer in (nn.Linear(32, 32), nn.Tanh())], nn.Linear(32, 10)),
         "model: {layers: [64, 32, 32, 32, 32, 32, 32, 10], activation: tanh}\n"),
    Case("LeNet-like", LeNet(),
         GRADIENT + "model: {network: '8x8x1; conv 6 5x5 pad same, gelu, max-pool 2; conv 12 3x3 pad 1, gelu, max-pool 2; dense 24, tanh; dense'}\n",
         (1, 8, 8)),
    Case("VGG-like, no biases", VGG(), GRADIENT + """
model:
  nodes: [{name: input, shape: [8, 8, 1]}, {name: c1, shape: [8, 8, 8]}, {name: c2, shape: [4, 4, 8]}, {name: c3, shape: [2, 2, 16]}, {name: h, size: 32}, {name: target, size: 10}]
  predictions:
    - {of: c1, from: [{nodes: [input], map: conv 3 pad 1}], unbiased: true}
    - {of: c2, from: [{nodes: [c1], feature: relu, map: conv 3 pad 1 stride 2 groups 2}], unbiased: true}
    - {of: c3, from: [{nodes: [c2], feature: relu, map: conv 3 pad 1}], after: "relu, avg-pool 2"}
    - {of: h, from: [{nodes: [c3], feature: flatten}]}
    - {of: target, from: [{nodes: [h], feature: relu}]}
""", (1, 8, 8)),
    Case("residual, by names", Residual(), """
model:
  nodes: [{name: input, size: 64}, {name: a, size: 20}, {name: b, size: 20}, {name: c, size: 20}, {name: target, size: 10}]
  predictions:
    - {of: a, from: [{nodes: [input]}]}
    - {of: b, from: [{nodes: [a], map: identity}, {nodes: [a], feature: tanh}]}
    - {of: c, from: [{nodes: [b], map: identity}, {nodes: [b], feature: tanh}]}
    - {of: target, from: [{nodes: [c], feature: tanh}]}
""", names={"b.a'.weight": "left.weight", "c.b'.weight": "right.weight"}),
    Case("deconvolutions, generative",
         nn.Sequential(nn.Linear(10, 48), nn.Tanh(), nn.Unflatten(1, (12, 2, 2)), nn.ConvTranspose2d(12, 6, 4, stride=2, padding=1), nn.Tanh(),
                       nn.ConvTranspose2d(6, 1, 3, stride=2, padding=1, output_padding=1)),
         GRADIENT + """
model:
  nodes: [{name: input, shape: [8, 8, 1]}, {name: d1, shape: [4, 4, 6]}, {name: d0, size: 48}, {name: target, size: 10}]
  predictions:
    - {of: d0, from: [{nodes: [target]}]}
    - {of: d1, from: [{nodes: [d0], feature: "tanh, reshape 2x2x12", map: conv-transpose 4 stride 2 pad 1}]}
    - {of: input, from: [{nodes: [d1], feature: tanh, map: conv-transpose 3 stride 2 pad 1 output-pad 1}]}
""", generates=True),
]


def pcnrun(*args: str, stdin: str | None = None) -> tuple[str, str]:
    done = subprocess.run(args, input=stdin, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(args)}: {done.stderr}")
    return done.stdout, done.stderr


def csv(x: np.ndarray) -> str:
    return "".join(",".join(map(str, row)) + "\n" for row in x.tolist())


def difference(binary: str, case: Case, folder: Path, inputs: np.ndarray) -> float:
    state, settings, names, model = (str(folder / file) for file in ("state.safetensors", "run.yaml", "names.yaml", "model.safetensors"))
    save_file(case.module.state_dict(), state)
    Path(settings).write_text(PIXELS + case.settings)
    Path(names).write_text(json.dumps(case.names))
    _, matches = pcnrun(binary, "import", state, "--config", settings, "--out", model, *(["--names", names] if case.names else []))
    print("".join(f"         {line}\n" for line in matches.splitlines()), end="")
    with torch.no_grad():
        if case.generates:
            labels = np.eye(10, dtype=np.float32)
            want = 16 * case.module(torch.from_numpy(labels)).numpy().reshape(10, -1)  # in raw pixels
            printed, _ = pcnrun(binary, "generate", model, "-", stdin=csv(labels))
            got = np.array([[float(number) for number in line.split(",")] for line in printed.splitlines()])
        else:
            want = case.module(torch.from_numpy(inputs / 16).reshape(-1, *case.shape)).numpy()
            printed, _ = pcnrun(binary, "predict", model, "--json", stdin=csv(inputs))
            got = np.array([json.loads(line)["targets"] for line in printed.splitlines()])
    return float(np.abs(got - want).max() / max(1, np.abs(want).max()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pcnrun", required=True, help="the command, as go build makes it")
    binary = parser.parse_args().pcnrun
    with gzip.open(DIGITS, "rt") as f:
        inputs = np.loadtxt(f, delimiter=",")[:, :64].astype(np.float32)
    print(f"torch {torch.__version__}")
    worst = 0.0
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            off = difference(binary, case, Path(folder), inputs)
        worst = max(worst, off)
        print(f"{off:.1e}  {case.name}")
    print(f"{worst:.1e}  largest")
    if not worst <= TOLERANCE:
        sys.exit(f"must be at most {TOLERANCE}")


if __name__ == "__main__":
    torch.manual_seed(0)
    main()
