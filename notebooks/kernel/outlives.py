"""Provokes what can go wrong in a cell. The kernel must report it as an error of
the cell and live on. It runs the kernel that JUPYTER_PATH has as "pcn"."""

import sys
import threading
import time

from jupyter_client.manager import start_new_kernel

SETUP = """
import (
	"context"
	"errors"
	"fmt"

	"example.com/pcn/model"
	"example.com/pcn/train"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

ctx := context.Background()
recipe, err := train.DefaultRecipe("digits", model.Discriminative, "default")
check(err)
recipe.Learning.Epochs = 1000000
sets, err := recipe.Data.Load()
check(err)
learner, err := recipe.PCN()
check(err)
var missing *model.Network
"""

DIVERGE = """
net, err := model.New(model.Config{Layers: []int{3, 3, 3}, Direction: model.Generative, Activation: "identity"})
check(err)
x, err := model.Float32.Matrix([]float64{1, 2, 3})
check(err)
r, err := net.Settle(ctx, net.Clamp(x, x), model.Inference{Unguarded: true, Rate: 1e9, Steps: 100})
check(err)
fmt.Println(r)
net.Hebbian(r, net.NewUpdate())
"""

IN_A_WORKER = """
import "example.com/pcn/graph/feature"
table := []float64{1, 2, 3}
broken := feature.NewActivation("broken", func(x float64) float64 { return table[len(table)] }, func(x, y float64) float64 { return 1 }, 1)
check(feature.RegisterActivation(broken))
net, err := model.New(model.Config{Layers: []int{64, 64, 10}, Direction: model.Generative, Activation: "broken"})
check(err)
batch, err := train.Examples(net, sets.Train, sets.Train.Labels()...)
check(err)
net.Settle(ctx, net.Clamp(batch.Inputs, batch.Targets), model.Inference{})
"""

FIT = "train.Fit(ctx, learner, recipe.Learning, sets.Train, nil, train.Options{})"

# What is run, what the error says, and whether it is interrupted.
CELLS = [
    ("undefined.Name", "undefined identifier", False),
    ("missing.Predictions(", "expected", False),
    ("missing.Predictions()", "nil pointer", False),
    ('panic("by hand")', "by hand", False),
    ("model.New(model.Config{})", "must name at least 2 sizes", False),
    ('errors.New("an error as a value")', "an error as a value", False),
    ('import "example.com/nothing"', '"example.com/nothing" is not compiled into this kernel', False),
    ('import (\n"fmt"\ns "slices"\n)', '"slices" is not compiled into this kernel', False),
    (DIVERGE, "has not settled", False),
    (IN_A_WORKER, "index out of range", False),
    (FIT, "interrupted", True),
    ("_, err = " + FIT, "interrupted", True),
    ("for { }", "interrupted", True),
    ('for i := 0; i < 1000000000; i++ { fmt.Sprint(i) }', "interrupted", True),
]


def run(manager, client, code, interrupt=False):
    """Runs a cell and returns its error, None where it has none, and its result."""
    request = client.execute(code)
    if interrupt:
        threading.Timer(1, manager.interrupt_kernel).start()
    error = result = None
    while True:
        message = client.get_iopub_msg(timeout=30)
        if message["parent_header"].get("msg_id") != request:
            continue
        content = message["content"]
        if message["msg_type"] == "error":
            error = content["evalue"]
        elif message["msg_type"] == "execute_result":
            result = content["data"]["text/plain"]
        elif message["msg_type"] == "status" and content["execution_state"] == "idle":
            return error, result


def check(kernel):
    """Returns what is wrong with the kernel."""
    wrong = []
    error, _ = run(*kernel, SETUP)
    if error is not None:
        wrong.append(f"the set-up: {error}")
    for code, text, interrupt in CELLS:
        name = code.strip().splitlines()[-1]
        error, _ = run(*kernel, code, interrupt)
        if error is None or text not in error:
            wrong.append(f"{name}: want an error with {text!r}, got {error!r}")
        error, result = run(*kernel, "20 + learner.Network().Predictions() + 19")
        if error is not None or result != "42":
            wrong.append(f"after {name}: want 42, got {result!r} and {error!r}")
    kernel[0].interrupt_kernel()  # between cells
    time.sleep(0.2)
    error, result = run(*kernel, 'fmt.Println("not shown as a value")')
    if error is not None or result is not None:
        wrong.append(f"after an interrupt between cells: got {result!r} and {error!r}")
    return wrong


def main():
    manager, client = start_new_kernel(kernel_name="pcn")
    try:
        wrong = check((manager, client))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{len(CELLS)} errors and interrupts outlived")


main()
