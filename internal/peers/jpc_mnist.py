"""MNIST by JPC: its perceptron, and its functions that start, move and learn, a batch in one jit."""

import argparse

import mnist  # first: it has the clock

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import jpc
from importlib.metadata import version


@eqx.filter_jit
def train_on_batch(model, state, x, y, steps: int, latents, weights):
    """The model and the optimizer's state after a batch: T steps of the latents, one of the weights."""
    activities = jpc.init_activities_with_ffwd(model=model, input=x)
    moved = latents.init(activities)
    for _ in range(steps):
        settled = jpc.update_pc_activities(
            params=(model, None), activities=activities, optim=latents, opt_state=moved, output=y, input=x
        )
        activities, moved = settled["activities"], settled["opt_state"]
    learned = jpc.update_pc_params(
        params=(model, None), activities=activities, optim=weights, opt_state=state, output=y, input=x
    )
    return learned["model"], learned["opt_state"]


@eqx.filter_jit
def classes(model, x):
    return jpc.init_activities_with_ffwd(model=model, input=x)[-1].argmax(1)


class JPC(mnist.Contestant):
    name, version = "jpc", version("jpc")

    def __init__(self, args: argparse.Namespace, train: mnist.Part):
        self.args = args
        self.images, self.targets = mnist.standardized(train.images), mnist.one_hot(train.labels)
        if len(set(args.hidden)) != 1:
            raise SystemExit("jpc: want hidden layers of one width")
        self.model = jpc.make_mlp(
            jax.random.PRNGKey(args.seed), input_dim=784, width=args.hidden[0], depth=len(args.hidden) + 1,
            output_dim=mnist.CLASSES, act_fn="gelu", use_bias=True,
        )
        rates = jnp.asarray(mnist.every_rate(args, len(self.images)))
        self.weights = optax.adam(lambda batch: rates[batch], b2=args.beta2)
        self.state = self.weights.init((eqx.filter(self.model, eqx.is_array), None))
        # Its energy is a mean over the batch, and so is what moves the latents of an example.
        self.latents = optax.sgd(args.inference_rate * args.batch)

    def train(self, x: np.ndarray, y: np.ndarray):
        if self.args.solver:
            done = jpc.make_pc_step(self.model, self.weights, self.state, output=y, input=x)
            return done["model"], done["opt_state"]
        return train_on_batch(self.model, self.state, x, y, mnist.steps_of(self.args), self.latents, self.weights)

    def warm_up(self, images: np.ndarray) -> None:
        jax.block_until_ready(self.train(self.images[: self.args.batch], self.targets[: self.args.batch])[1])
        self.predict(images)

    def learn(self, epoch: int, rows: np.ndarray) -> None:
        for at in rows:
            self.model, self.state = self.train(self.images[at], self.targets[at])
        jax.block_until_ready(self.state)

    def predict(self, images: np.ndarray) -> np.ndarray:
        return np.asarray(classes(self.model, mnist.standardized(images)))

    def parameters(self) -> int:
        return sum(x.size for x in jax.tree.leaves(eqx.filter(self.model, eqx.is_array)))


if __name__ == "__main__":
    parser = mnist.arguments(__doc__)
    mnist.settling(parser)
    parser.add_argument("--solver", action="store_true", help="its make_pc_step, by default an adaptive solver")
    mnist.race(JPC, parser)
