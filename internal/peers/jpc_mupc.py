"""900 batches of MNIST under muPC by JPC: 30 layers of width 128, as its example has them."""

import argparse
import time
from importlib.metadata import version
from pathlib import Path

import mnist  # first: it has the clock

import equinox as eqx
import jax
import jpc
import numpy as np
import optax

from problem import print_json

DEPTH, WIDTH, BATCH = 30, 128, 64
LATENT_RATE, RATE = 0.5, 0.1  # of gradient descent, as many steps as layers, and of Adam


def calls(steps, step, carry):
    """The steps one by one, as JPC's example has them."""
    for n in range(steps):
        carry = step(n, carry)
    return carry


def in_one_jit(steps, step, carry):
    return jax.lax.fori_loop(0, steps, step, carry)


def learn(model, skips, state, x, y, latents, weights, loop):
    """The model and Adam's state after a batch."""

    def step(_, carry):
        activities, moved = carry
        settled = jpc.update_pc_activities(
            params=(model, skips), activities=activities, optim=latents, opt_state=moved,
            output=y, input=x, param_type="mupc",
        )
        return settled["activities"], settled["opt_state"]

    activities = jpc.init_activities_with_ffwd(model=model, input=x, skip_model=skips, param_type="mupc")
    activities, _ = loop(len(model), step, (activities, latents.init(activities)))
    learned = jpc.update_pc_params(
        params=(model, skips), activities=activities, optim=weights, opt_state=state,
        output=y, input=x, param_type="mupc",
    )
    return learned["model"], learned["skip_model"], learned["opt_state"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, type=Path, help="folder with MNIST's four files, plain or .gz")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batches", type=int, default=900)
    parser.add_argument("--jit", action="store_true", help="a batch in one jit, in place of its calls one by one")
    args = parser.parse_args()
    train, test = mnist.read_part(args.data, "train"), mnist.read_part(args.data, "t10k")
    images, targets = mnist.standardized(train.images), mnist.one_hot(train.labels)
    model = jpc.make_mlp(
        jax.random.PRNGKey(args.seed), input_dim=784, width=WIDTH, depth=DEPTH, output_dim=mnist.CLASSES,
        act_fn="relu", param_type="mupc",
    )
    skips = jpc.make_skip_model(DEPTH)
    latents, weights = optax.sgd(LATENT_RATE), optax.adam(RATE)
    state = weights.init((eqx.filter(model, eqx.is_array), skips))
    teach, loop = (eqx.filter_jit(learn), in_one_jit) if args.jit else (learn, calls)

    def batch(x, y):
        return teach(model, skips, state, x, y, latents, weights, loop)

    jax.block_until_ready(batch(images[:BATCH], targets[:BATCH])[2])
    ready = time.time()
    rows = np.random.default_rng(args.seed).permutation(len(train))[: args.batches * BATCH].reshape(-1, BATCH)
    for at in rows:
        model, skips, state = batch(images[at], targets[at])
    jax.block_until_ready(state)
    ended = time.time()
    _, score = jpc.test_discriminative_pc(
        model=model, input=mnist.standardized(test.images), output=mnist.one_hot(test.labels), skip_model=skips, param_type="mupc"
    )
    print_json(
        peer="jpc", version=version("jpc"), batches=len(rows), learning=ended - ready,
        batch_ms=1e3 * (ended - ready) / len(rows), elapsed=ended - mnist.BEGAN, test=float(score),
        parameters=sum(x.size for x in jax.tree.leaves(eqx.filter(model, eqx.is_array))),
    )


if __name__ == "__main__":
    main()
