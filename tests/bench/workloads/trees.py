"""Seeded files: the same seed gives the same names and bytes on every machine."""

from __future__ import annotations

import os
import random

FILES_PER_FOLDER = 100
MIB = 1 << 20


def write_many_files(folder: str, count: int, mean_bytes: int, seed: int) -> None:
    """`count` files like those of a source tree: two levels of folders, half of each file random, half words."""
    rng = random.Random(seed)
    for number in range(count):
        if number % FILES_PER_FOLDER == 0:
            parent = f"{folder}/part{number // FILES_PER_FOLDER // 10:03}/module{number // FILES_PER_FOLDER:04}"
            os.makedirs(parent)
        size = rng.randrange(mean_bytes // 2, mean_bytes * 3 // 2)
        with open(f"{parent}/file{number:06}.dat", "wb") as file:
            file.write(rng.randbytes(size // 2) + _words(rng, size - size // 2))


def write_large_file(path: str, mebibytes: int, seed: int) -> None:
    """One file whose mebibytes are in turn random and words."""
    rng = random.Random(seed)
    words = _words(rng, MIB)
    with open(path, "wb") as file:
        for number in range(mebibytes):
            file.write(words if number % 2 else rng.randbytes(MIB))


def _words(rng: random.Random, size: int) -> bytes:
    sentence = b" ".join(b"%x" % rng.randrange(1 << 12) for _ in range(200)) + b"\n"
    return (sentence * (size // len(sentence) + 1))[:size]
