"""Writes pytorch.json: convolutions of PyTorch, what they make of a feature, what they carry
back of an error, and their weights' gradient. All are whole numbers, so that they are exact;
features and errors are channels last, weights as PyTorch has them.

    python pytorch.py        (needs torch)
"""

import json

import torch
from torch import nn

CASES = [  # as linear.ParseMap reads it, the module, the size of a feature without its channels
    ("conv 5x5 pad 2", nn.Conv2d(1, 3, 5, padding=2), (5, 6)),
    ("conv 3 stride 2 pad 1 groups 2", nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2), (7, 6)),
    ("conv 3x2 stride 2x1 pad 1x0 dilate 1x2", nn.Conv2d(2, 3, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2)), (6, 5)),
    ("conv 4x3 pad same", nn.Conv2d(2, 2, (4, 3), padding="same"), (5, 4)),
    ("conv 1", nn.Conv2d(3, 4, 1), (3, 3)),
    ("conv 3 stride 2 pad 1", nn.Conv1d(2, 3, 3, stride=2, padding=1), (7,)),
    ("conv-transpose 4x4 stride 2 pad 1", nn.ConvTranspose2d(3, 2, 4, stride=2, padding=1), (3, 4)),
    ("conv-transpose 3 stride 2 pad 1 groups 2 output-pad 1", nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, groups=2), (3, 3)),
    ("conv-transpose 3 stride 3 dilate 2 output-pad 1", nn.ConvTranspose1d(2, 3, 3, stride=3, dilation=2, output_padding=1), (4,)),
]


def last(x: torch.Tensor) -> dict:
    """A batch with its channels last."""
    x = x.detach().movedim(1, -1)
    return dict(shape=list(x.shape[1:]), of=x.flatten().int().tolist())


def main() -> None:
    torch.manual_seed(0)
    cases = []
    for text, module, size in CASES:
        module = module.double()
        module.bias.data.zero_()
        module.weight.data = torch.randint(-4, 5, module.weight.shape).double()
        psi = torch.randint(-4, 5, (2, module.in_channels, *size)).double().requires_grad_()
        out = module(psi)
        delta = torch.randint(-4, 5, out.shape).double()
        pulled, gradient = torch.autograd.grad(out, (psi, module.weight), delta)
        cases.append(dict(
            map=text, psi=last(psi), out=last(out), delta=last(delta), pulled=last(pulled),
            weight=dict(shape=list(module.weight.shape), of=module.weight.flatten().int().tolist()),
            gradient=dict(shape=list(gradient.shape), of=gradient.flatten().int().tolist()),
        ))
    with open("pytorch.json", "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")


if __name__ == "__main__":
    main()
