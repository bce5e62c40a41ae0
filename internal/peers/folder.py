"""The accuracy of default settings on a folder of images, beside that of scikit-learn's network.

Writes images of an IDX folder, such as Fashion-MNIST's, as PNG files, a folder for each class, in a
training part and a test part. `pcnrun train` learns from that folder with its defaults, of which it
holds out its own validation part. scikit-learn's MLPClassifier gets the same pixels, from 0 to 1, and
is at its defaults, but for as many iterations as it needs.

    python internal/peers/folder.py --pcnrun ./pcnrun --idx /usr/share/datasets/fashion-mnist
"""

import argparse
import gzip
import json
import pathlib
import subprocess
import tempfile
import time

import numpy as np
from PIL import Image
from sklearn.neural_network import MLPClassifier


def read(folder, part, limit):
    """Returns the first images of a part of an IDX folder, and their classes."""
    both = []
    for kind, header in ("images-idx3", 16), ("labels-idx1", 8):
        with gzip.open(folder / f"{part}-{kind}-ubyte.gz") as f:
            both.append(np.frombuffer(f.read(), np.uint8, offset=header))
    labels = both[1][:limit]
    return both[0].reshape(-1, 28, 28)[: len(labels)], labels


def write(folder, images, labels):
    for i, (image, label) in enumerate(zip(images, labels)):
        path = folder / str(label) / f"{i:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pcnrun", required=True, type=lambda p: str(pathlib.Path(p).resolve()))
    parser.add_argument("--idx", required=True, type=pathlib.Path, help="folder of IDX files, .gz")
    parser.add_argument("--train", type=int, default=5000)
    parser.add_argument("--test", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--flags", default="", help="flags of train other than its defaults")
    args = parser.parse_args()
    (x, y), (x_test, y_test) = read(args.idx, "train", args.train), read(args.idx, "t10k", args.test)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write(folder / "images/train", x, y)
        write(folder / "images/test", x_test, y_test)
        began = time.process_time(), time.perf_counter()
        done = subprocess.run(
            [args.pcnrun, "train", "images", "--seed", str(args.seed), "--split-seed", str(args.seed),
             "--json", "--quiet", "--out", "run", *args.flags.split()],
            cwd=folder, check=True, capture_output=True, text=True)
        ours = json.loads(done.stdout)
        print(f"pcnrun: validation {100 * ours['validation_accuracy']:.2f} %, test {100 * ours['test_accuracy']:.2f} %, "
              f"{time.perf_counter() - began[1]:.0f} s", flush=True)
    flat = lambda images: images.reshape(len(images), -1) / 255
    began = time.perf_counter()
    network = MLPClassifier(max_iter=2000, random_state=args.seed).fit(flat(x), y)
    theirs = network.score(flat(x_test), y_test)
    print(f"scikit-learn's MLP: test {100 * theirs:.2f} %, {time.perf_counter() - began:.0f} s")
    raise SystemExit(ours["test_accuracy"] < theirs)


if __name__ == "__main__":
    main()
