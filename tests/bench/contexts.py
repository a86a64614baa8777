"""The folders that are built: one for each workload's context, two for the base image."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.bench.peers.protocol import Bases
from tests.bench.workloads.definition import BASE, Scale, Workload, write_text

MAKE_ROOTFS = Path(__file__).parents[2] / "examples" / "hello" / "make-rootfs.py"


def write_bases(folder: str) -> Bases:
    bases = Bases(os.path.join(folder, "base"), os.path.join(folder, "warm"))
    os.makedirs(bases.base)
    os.makedirs(bases.warm)
    rootfs = os.path.join(bases.base, "rootfs.tar")
    subprocess.run([sys.executable, "-I", str(MAKE_ROOTFS), rootfs], check=True, stderr=subprocess.DEVNULL)
    write_text(bases.base, "Dockerfile", 'FROM scratch\nADD rootfs.tar /\nCMD ["/bin/sh"]\n')
    write_text(bases.warm, "Dockerfile", f"FROM {BASE}\nRUN true\n")
    return bases


def write_contexts(folder: str, workloads: Iterable[Workload], scale: Scale, seed: int) -> dict[str, str]:
    """Context name to its folder; contexts that several workloads build are written once."""
    folders: dict[str, str] = {}
    for workload in workloads:
        if workload.context not in folders:
            folders[workload.context] = os.path.join(folder, f"context-{workload.context}")
            os.makedirs(folders[workload.context])
            workload.write(folders[workload.context], scale, seed)
    return folders
