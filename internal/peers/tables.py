"""Scores of default settings on small tables, beside scikit-learn's.

Each set is cut five times into four fifths to learn from and one fifth for the test, of the same
classes. pcnrun reads both as CSV files and learns with its defaults, of which it holds out its own
validation part. With --inner a fifth of what there is to learn from is the test in place of the
test part, which nobody looks at: so defaults are chosen. scikit-learn's models get the same rows with inputs, and targets of a regression,
standardized over what they learn from, and are at their defaults otherwise, but for as many
iterations as they need.

    python internal/peers/tables.py --pcnrun ./pcnrun
"""

import argparse
import csv
import json
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
from sklearn import datasets
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SETS = {
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast_cancer": datasets.load_breast_cancer,
    "digits": datasets.load_digits,
    "diabetes": datasets.load_diabetes,
}
SPLITS = 5
WORST = {False: 0.03, True: 0.01}  # R², accuracy: how far below the better peer a default may be


def write(path, names, x, y):
    with open(path, "w", newline="") as f:
        out = csv.writer(f)
        out.writerow([*names, "y"])
        out.writerows([*row, target] for row, target in zip(x.tolist(), y.tolist()))


def pcn(pcnrun, names, parts, classes, seed, flags):
    """Returns the score of pcnrun: accuracy, or R²."""
    x, x_test, y, y_test = parts
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write(folder / "train.csv", names, x, y)
        write(folder / "test.csv", names, x_test, y_test)
        done = subprocess.run(
            [pcnrun, "train", "train.csv", "--label" if classes else "--target", "y", "--test", "test.csv",
             "--seed", str(seed), "--split-seed", str(seed), "--json", "--quiet", "--out", "run", *flags],
            cwd=folder, check=True, capture_output=True, text=True)
    result = json.loads(done.stdout)
    if classes:
        return result["test_accuracy"]
    return 1 - result["test_mse"] / y_test.var()


def peers(parts, classes, seed):
    """Returns the scores of scikit-learn's network and of its linear model."""
    x, x_test, y, y_test = parts
    if classes:
        models = MLPClassifier(max_iter=2000, random_state=seed), LogisticRegression(max_iter=5000)
    else:
        models = MLPRegressor(max_iter=2000, random_state=seed), Ridge()
        models = [TransformedTargetRegressor(m, transformer=StandardScaler()) for m in models]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [make_pipeline(StandardScaler(), m).fit(x, y).score(x_test, y_test) for m in models]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pcnrun", required=True, type=lambda p: str(pathlib.Path(p).resolve()))
    parser.add_argument("--sets", nargs="*", choices=SETS, default=list(SETS))
    parser.add_argument("--inner", action="store_true", help="leave the test parts alone")
    parser.add_argument("--flags", default="", help="flags of train other than its defaults")
    args = parser.parse_args()
    short = False
    print("| set | pcn | scikit-learn's MLP | linear | pcn − better |\n|---|---|---|---|---|")
    for name in args.sets:
        data = SETS[name]()
        classes = hasattr(data, "target_names")
        rows = []
        for seed in range(1, SPLITS + 1):
            parts = data.data, None, data.target, None
            for _ in range(1 + args.inner):
                x, _, y, _ = parts
                parts = train_test_split(x, y, test_size=0.2, random_state=seed, stratify=y if classes else None)
            names = [str(n) for n in data.feature_names]
            rows.append([pcn(args.pcnrun, names, parts, classes, seed, args.flags.split()), *peers(parts, classes, seed)])
        mean = np.mean(rows, axis=0)
        behind = mean[0] - max(mean[1:])
        short |= bool(behind < -WORST[classes])
        show = (lambda s: f"{100 * s:.2f} %") if classes else (lambda s: f"{s:.3f}")
        print(f"| {name} | {' | '.join(map(show, mean))} | {show(behind)} |", flush=True)
    sys.exit(short)


if __name__ == "__main__":
    main()
