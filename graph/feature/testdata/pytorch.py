"""Writes pytorch.json: PyTorch's features of some images, and what a gradient is behind
them. Images are channels last, (H, W, C) or (L, C). Those that are pooled are whole numbers,
of which many are equal.

    python pytorch.py        (needs torch)
"""

import json

import torch
from torch import nn

torch.manual_seed(1)


def flat(x):
    return [round(v, 9) for v in x.detach().reshape(-1).tolist()]


def channels_first(x):
    return x.movedim(-1, 1)


def channels_last(x):
    return x.movedim(1, -1)


cases = []


def case(text, module, shape, whole=True, positions=True):
    x = (torch.randint(-2, 3, (2, *shape)) if whole else torch.randn(2, *shape)).double().requires_grad_()
    y = channels_last(module(channels_first(x))) if positions else module(x)
    g = torch.randint(-4, 5, y.shape).double()
    y.backward(g)
    cases.append({"text": text, "shape": list(shape), "x": flat(x), "y": flat(y), "g": flat(g), "dx": flat(x.grad)})


case("max-pool 2", nn.MaxPool2d(2), (4, 6, 3))
case("max-pool 2", nn.MaxPool2d(2), (5, 7, 2))
case("max-pool 3 stride 2 pad 1", nn.MaxPool2d(3, 2, 1), (6, 5, 2))
case("max-pool 2x3 stride 1x2", nn.MaxPool2d((2, 3), (1, 2)), (5, 6, 2))
case("max-pool 3 stride 1 pad 1", nn.MaxPool1d(3, 1, 1), (7, 2))
case("avg-pool 2", nn.AvgPool2d(2), (4, 6, 3))
case("avg-pool 3 stride 2 pad 1", nn.AvgPool2d(3, 2, 1), (6, 5, 2))
case("avg-pool 2", nn.AvgPool1d(2), (6, 3))
case("global-avg-pool", nn.Sequential(nn.AdaptiveAvgPool2d(1)), (3, 4, 5))
case("upsample 2", nn.Upsample(scale_factor=2), (2, 3, 3))
case("upsample 3", nn.Upsample(scale_factor=3), (4, 2))
case("layer-norm", nn.LayerNorm((3, 4, 2), elementwise_affine=False), (3, 4, 2), False, False)
case("rms-norm", nn.RMSNorm((7,), elementwise_affine=False), (7,), False, False)
for text, module in {
    "relu": nn.ReLU(), "leaky-relu": nn.LeakyReLU(), "gelu": nn.GELU(), "softplus": nn.Softplus(), "hard-tanh": nn.Hardtanh(),
    "silu": nn.SiLU(), "elu": nn.ELU(), "selu": nn.SELU(), "mish": nn.Mish(), "sigmoid": nn.Sigmoid(), "tanh": nn.Tanh(),
}.items():
    case(text, module, (9,), positions=False)  # at kinks too
    case(text, module, (9,), False, False)

with open("pytorch.json", "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")
