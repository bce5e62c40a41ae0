"""Writes pytorch.safetensors and pytorch.json: the article's network in PyTorch,
its weights under the module's own names, and what it predicts and generates.

    python pytorch.py        (needs torch and safetensors)
"""
import json
import torch
from torch import nn
from safetensors.torch import save_file


class PCNLayer(nn.Module):
    def __init__(self, below, above):
        super().__init__()
        self.W = nn.Linear(above, below)


class PCN(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList(PCNLayer(a, b) for a, b in zip(sizes, sizes[1:]))

    def settle(self, data, steps, rate):
        latents = [torch.zeros(len(data), l.W.in_features) for l in self.layers]
        for _ in range(steps):
            for v in latents:
                v.requires_grad_(True)
            energy, target = 0, data
            for layer, v in zip(self.layers, latents):
                energy = energy + 0.5 * torch.sum((target - layer.W(torch.tanh(v))) ** 2)
                target = v
            grads = torch.autograd.grad(energy, latents)
            latents = [(v - rate * g).detach() for v, g in zip(latents, grads)]
        return latents[-1]

    def generate(self, top):
        for layer in reversed(self.layers):
            top = layer.W(torch.tanh(top))
        return top


torch.manual_seed(0)
sizes, steps, rate = [20, 12, 8, 4], 40, 0.1
net = PCN(sizes)
data, label = torch.rand(6, 20), torch.eye(4)
save_file(net.state_dict(), "pytorch.safetensors")
with open("pytorch.json", "w") as f:
    json.dump(dict(sizes=sizes, steps=steps, rate=rate,
                   input=data.tolist(), top=net.settle(data, steps, rate).tolist(),
                   label=label.tolist(), generated=net.generate(label).tolist()), f)
