# Writes plain.npz and packed.npz beside this file, with NumPy 2.
import pathlib

import numpy

here = pathlib.Path(__file__).parent
x = numpy.arange(6).reshape(2, 3)
arrays = dict(
    f4=x.astype("<f4"),
    f8=x.astype("<f8"),
    big=x.astype(">f8"),
    fortran=numpy.asfortranarray(x.astype("<f4")),
    text=numpy.frombuffer(b"hello", dtype="u1"),
)
numpy.savez(here / "plain.npz", **arrays)
numpy.savez_compressed(here / "packed.npz", **arrays)
