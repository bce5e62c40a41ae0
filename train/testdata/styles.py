"""Writes small copies of scikit-learn's iris and diabetes in the styles that people have CSV in.

    python train/testdata/styles.py
"""

import csv
import io
import pathlib

import numpy as np
from sklearn import datasets

FOLDER = pathlib.Path(__file__).parent / "styles"


def text(rows, separator=",", decimal=".", end="\n"):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator=end)
    writer.writerows([repr(x).replace(".", decimal) if isinstance(x, float) else x for x in row] for row in rows)
    return out.getvalue()


def styles(names, rows):
    header = [*names, "y"]
    order = np.random.default_rng(1).permutation(len(header))
    yield "plain", text([header, *rows]).encode()
    yield "semicolons", text([header, *rows], ";", ",").encode()
    yield "tabs", text([header, *rows], "\t", end="\r\n").encode()
    yield "bars", text([header, *rows], "|").encode()
    yield "mark", ("\ufeff" + text([header, *rows], end="\r\n")).encode()
    yield "utf16", text([header, *rows], "\t").encode("utf-16")
    yield "index", text([["", *header], *([i, *row] for i, row in enumerate(rows))]).encode()
    yield "headless", text(rows).encode()
    yield "shuffled", text([[row[i] for i in order] for row in [[n.upper() for n in header], *rows]]).encode()


for name, data in {"iris": datasets.load_iris(), "diabetes": datasets.load_diabetes()}.items():
    some = np.random.default_rng(0).permutation(len(data.target))[:60]
    kinds = getattr(data, "target_names", None)
    target = [float(y) if kinds is None else str(kinds[y]) for y in data.target[some]]
    rows = [[*x, y] for x, y in zip(data.data[some].round(4).tolist(), target)]
    for style, content in styles([n.removesuffix(" (cm)") for n in data.feature_names], rows):
        (FOLDER / f"{name}-{style}.csv").write_bytes(content)
