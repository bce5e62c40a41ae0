"""MNIST by FabricPC: a graph of its Linear nodes, and its training step, a batch in one jit."""

import argparse
from importlib.metadata import version

import mnist  # first: it has the clock

import fabricpc
import jax
import jax.numpy as jnp
import numpy as np
import optax
from fabricpc.core.activations import GeluActivation
from fabricpc.core.inference import InferenceSGD
from fabricpc.core.initializers import XavierInitializer
from fabricpc.core.topology import Edge
from fabricpc.graph_assembly import TaskMap, graph
from fabricpc.graph_initialization import initialize_params
from fabricpc.graph_initialization.state_initializer import initialize_graph_state
from fabricpc.nodes import IdentityNode, Linear
from fabricpc.training.trainer import make_train_step


class FabricPC(mnist.Contestant):
    name, version = "fabricpc", version("fabricpc")

    def __init__(self, args: argparse.Namespace, train: mnist.Part):
        fabricpc.setup_jax("cpu")
        self.args = args
        self.images, self.targets = train.images, mnist.one_hot(train.labels)
        nodes = [IdentityNode(shape=(784,), name="pixels")]
        for n, size in enumerate(args.hidden):
            name = f"hidden{n + 1}"
            nodes.append(Linear(shape=(size,), activation=GeluActivation(), name=name, weight_init=XavierInitializer()))
        nodes.append(Linear(shape=(mnist.CLASSES,), name="class", weight_init=XavierInitializer()))  # squared error
        self.structure = graph(
            nodes=nodes,
            edges=[Edge(source=a, target=b.slot("in")) for a, b in zip(nodes, nodes[1:])],
            task_map=TaskMap(x=nodes[0], y=nodes[-1]),
            inference=InferenceSGD(eta_infer=args.inference_rate, infer_steps=mnist.steps_of(args)),
        )
        self.key = jax.random.PRNGKey(args.seed)
        self.params = initialize_params(self.structure, self.key)
        rates = jnp.asarray(mnist.every_rate(args, len(self.images)))
        adam = optax.adam(lambda batch: rates[batch], b2=args.beta2)
        self.state = adam.init(self.params)
        self.step = make_train_step(self.structure, adam, algorithm="pc")
        self.classes = jax.jit(self._classes)

    def _classes(self, params, images):
        clamps = {"pixels": images}
        state = initialize_graph_state(self.structure, len(images), self.key, clamps=clamps, params=params)
        return state.nodes["class"].z_mu.argmax(1)

    def train(self, at: np.ndarray):
        batch = {"x": self.images[at], "y": self.targets[at]}
        return self.step(self.params, self.state, batch, self.key)[:2]

    def warm_up(self, images: np.ndarray) -> None:
        jax.block_until_ready(self.train(np.arange(self.args.batch)))
        self.predict(images)

    def learn(self, epoch: int, rows: np.ndarray) -> None:
        for at in rows:
            self.params, self.state = self.train(at)
        jax.block_until_ready(self.params)

    def predict(self, images: np.ndarray) -> np.ndarray:
        return np.asarray(self.classes(self.params, images))

    def parameters(self) -> int:
        return sum(x.size for x in jax.tree.leaves(self.params))


if __name__ == "__main__":
    parser = mnist.arguments(__doc__)
    mnist.settling(parser)
    mnist.race(FabricPC, parser)
