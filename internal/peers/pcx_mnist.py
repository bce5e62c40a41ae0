"""MNIST by PCX: its Linear layers and vodes, trained as its tutorial does, a batch in one jit."""

import argparse

import mnist  # first: it has the clock

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pcx as px
import pcx.functional as pxf
import pcx.nn as pxnn
import pcx.predictive_coding as pxc
import pcx.utils as pxu
from importlib.metadata import version


class MLP(pxc.EnergyModule):
    """A perceptron with a vode after each nonlinearity, of which the last is clamped to the target."""

    def __init__(self, sizes: list[int]):
        super().__init__()
        self.phi = px.static(jax.nn.gelu)
        self.layers = [pxnn.Linear(d, n) for d, n in zip(sizes, sizes[1:])]
        self.vodes = [pxc.Vode() for _ in self.layers]
        self.vodes[-1].h.frozen = True

    def __call__(self, x, y=None):
        for layer, vode in zip(self.layers[:-1], self.vodes):
            x = vode(self.phi(layer(x)))
        self.vodes[-1](self.layers[-1](x))
        if y is not None:
            self.vodes[-1].set("h", y)
        return self.vodes[-1].get("u")


by_example = pxu.M(pxc.VodeParam | pxc.VodeParam.Cache).to((None, 0))


def free() -> pxu.M_hasnot:
    return pxu.M_hasnot(pxc.VodeParam, frozen=True)  # a new one each time: to changes it


@pxf.vmap(by_example, in_axes=(0, 0), out_axes=0)
def forward(x, y, *, model: MLP):
    return model(x, y)


@pxf.vmap(by_example, in_axes=(0,), out_axes=(None, 0), axis_name="batch")
def energy(x, *, model: MLP):
    y = model(x)
    return jax.lax.psum(model.energy(), "batch"), y


@pxf.jit(static_argnums=0)
def train_on_batch(steps: int, x, y, *, model: MLP, weights: pxu.Optim, latents: pxu.Optim):
    model.train()
    with pxu.step(model, pxc.STATUS.INIT, clear_params=pxc.VodeParam.Cache):
        forward(x, y, model=model)
    latents.init(free()(model))
    for _ in range(steps):
        with pxu.step(model, clear_params=pxc.VodeParam.Cache):
            _, g = pxf.value_and_grad(free().to([False, True]), has_aux=True)(energy)(x, model=model)
        latents.step(model, g["model"])
    latents.clear()
    with pxu.step(model, clear_params=pxc.VodeParam.Cache):
        _, g = pxf.value_and_grad(pxu.M(pxnn.LayerParam).to([False, True]), has_aux=True)(energy)(x, model=model)
    weights.step(model, g["model"], scale_by=1 / len(x))


@pxf.jit()
def classes(x, *, model: MLP):
    model.eval()
    with pxu.step(model, pxc.STATUS.INIT, clear_params=pxc.VodeParam.Cache):
        return forward(x, None, model=model).argmax(-1)


class PCX(mnist.Contestant):
    name, version = "pcx", version("pcx")

    def __init__(self, args: argparse.Namespace, train: mnist.Part):
        px.RKG.seed(args.seed)
        self.args = args
        self.images, self.targets = train.images, mnist.one_hot(train.labels)
        sizes = [784, *args.hidden, mnist.CLASSES]
        self.model, self.reader = MLP(sizes), MLP(sizes)  # vodes keep the shape of a batch, so that two are needed
        with pxu.step(self.model, pxc.STATUS.INIT, clear_params=pxc.VodeParam.Cache):
            forward(jnp.zeros((args.batch, 784)), None, model=self.model)
            self.latents = pxu.Optim(lambda: optax.sgd(args.inference_rate))
            rates = jnp.asarray(mnist.every_rate(args, len(self.images)))
            adam = optax.adam(lambda batch: rates[batch], b2=args.beta2)
            self.weights = pxu.Optim(lambda: adam, pxu.M(pxnn.LayerParam)(self.model))
        self.first = (self.images[: args.batch], self.targets[: args.batch])

    def train(self, x: np.ndarray, y: np.ndarray) -> None:
        train_on_batch(mnist.steps_of(self.args), x, y, model=self.model, weights=self.weights, latents=self.latents)

    def warm_up(self, images: np.ndarray) -> None:
        """Learns from a batch twice, since types of numbers settle in the first, and undoes it."""
        before, state = self.weights_of(self.model), self.weights.state.get()
        for _ in range(2):
            self.train(*self.first)
        self.give(self.model, before)
        self.weights.state.set(state)
        self.predict(images)

    @staticmethod
    def weights_of(model: MLP) -> list:
        return [(layer.nn.weight.get(), layer.nn.bias.get()) for layer in model.layers]

    @staticmethod
    def give(model: MLP, weights: list) -> None:
        for layer, (w, b) in zip(model.layers, weights):
            layer.nn.weight.set(w)
            layer.nn.bias.set(b)

    def learn(self, epoch: int, rows: np.ndarray) -> None:
        for at in rows:
            self.train(self.images[at], self.targets[at])
        jax.block_until_ready(self.model.layers[0].nn.weight.get())

    def predict(self, images: np.ndarray) -> np.ndarray:
        self.give(self.reader, self.weights_of(self.model))
        self.reader.clear_params(pxc.VodeParam)
        return np.asarray(classes(images, model=self.reader))

    def parameters(self) -> int:
        return sum(w.size + b.size for w, b in self.weights_of(self.model))


if __name__ == "__main__":
    parser = mnist.arguments(__doc__)
    mnist.settling(parser)
    mnist.race(PCX, parser)
