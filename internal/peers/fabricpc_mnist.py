"""MNIST by FabricPC: a graph of its Linear nodes, and its training step, a batch in one jit."""

import argparse
from importlib.metadata import version

import mnist  # first: it has the clock

import fabricpc
import jax
import numpy as np
import optax
from fabricpc.core.activations import GeluActivation, IdentityActivation, SigmoidActivation, SoftmaxActivation
from fabricpc.core.energy import CrossEntropyEnergy, GaussianEnergy
from fabricpc.core.inference import InferenceSGD
from fabricpc.core.initializers import XavierInitializer
from fabricpc.core.topology import Edge
from fabricpc.graph_assembly import TaskMap, graph
from fabricpc.graph_initialization import initialize_params
from fabricpc.graph_initialization.state_initializer import initialize_graph_state
from fabricpc.nodes import IdentityNode, Linear
from fabricpc.training.trainer import make_train_step

ACTIVATIONS = {"gelu": GeluActivation, "sigmoid": SigmoidActivation}


class FabricPC(mnist.Contestant):
    name, version = "fabricpc", version("fabricpc")

    def __init__(self, args: argparse.Namespace, train: mnist.Part):
        fabricpc.setup_jax("cpu")
        self.batch, self.epochs = args.batch, args.epochs
        self.images, self.targets = train.standardized(), mnist.one_hot(train.labels)
        nodes = [IdentityNode(shape=(784,), name="pixels")]
        for n, size in enumerate(args.hidden):
            phi = ACTIVATIONS[args.activation]()
            nodes.append(Linear(shape=(size,), activation=phi, name=f"hidden{n + 1}", weight_init=XavierInitializer()))
        top = {"activation": IdentityActivation(), "energy": GaussianEnergy()}
        if args.cross_entropy:
            top = {"activation": SoftmaxActivation(), "energy": CrossEntropyEnergy()}
        nodes.append(Linear(shape=(mnist.CLASSES,), name="class", weight_init=XavierInitializer(), **top))
        self.structure = graph(
            nodes=nodes,
            edges=[Edge(source=a, target=b.slot("in")) for a, b in zip(nodes, nodes[1:])],
            task_map=TaskMap(x=nodes[0], y=nodes[-1]),
            inference=InferenceSGD(eta_infer=args.inference_rate, infer_steps=args.steps),
        )
        self.key = jax.random.PRNGKey(args.seed)
        self.params = initialize_params(self.structure, self.key)
        steps = self.epochs * (len(self.images) // self.batch)
        adam = optax.adamw(optax.cosine_decay_schedule(args.rate, steps), weight_decay=args.decay)
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
        jax.block_until_ready(self.train(np.arange(self.batch)))
        self.predict(images)

    def learn(self, epoch: int, rows: np.ndarray) -> None:
        for at in rows:
            self.params, self.state = self.train(at)
        jax.block_until_ready(self.params)

    def predict(self, images: np.ndarray) -> np.ndarray:
        return np.asarray(self.classes(self.params, (images - np.float32(0.1307)) / np.float32(0.3081)))

    def parameters(self) -> int:
        return sum(x.size for x in jax.tree.leaves(self.params))


if __name__ == "__main__":
    parser = mnist.arguments(__doc__)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--decay", type=float, default=1e-3)
    parser.add_argument("--activation", choices=ACTIVATIONS, default="gelu")
    parser.add_argument("--cross-entropy", action="store_true")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--inference-rate", type=float, default=0.1)
    mnist.race(FabricPC, parser)
