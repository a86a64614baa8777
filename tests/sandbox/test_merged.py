"""Looking through a stack of directories finds what the kernel's overlay shows."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.sandbox.merged import Merged, opaque_attribute
from builder.sandbox.worker import Worker
from tests.sandbox.conftest import Runner

NAMES = st.sampled_from("ab")
WHAT = st.sampled_from(["file", "folder", "opaque", "whiteout", "link"])
LAYER = st.lists(st.tuples(st.lists(NAMES, min_size=1, max_size=3), WHAT), max_size=6)


def _make(root: str, entries: list[tuple[list[str], str]]) -> None:
    os.makedirs(f"{root}/t")
    for parts, what in entries:
        path = f"{root}/t/{'/'.join(parts)}"
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if what == "file":
                Path(path).touch()
            elif what == "whiteout":
                os.mknod(path, stat.S_IFCHR, os.makedev(0, 0))
            elif what == "link":
                os.symlink("a", path)
            else:
                os.mkdir(path)
                if what == "opaque":
                    os.setxattr(path, opaque_attribute(), b"y")
        except OSError:  # what stands there already wins
            continue


def _walk(tree: Merged, path: str) -> list[str]:
    found = [path]
    for name in tree.names(path):
        found += _walk(tree, f"{path}/{name}")
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(layers=st.lists(LAYER, min_size=1, max_size=4))
def test_as_the_kernel_shows_it(worker: Worker, base: str, layers: list[list[tuple[list[str], str]]]) -> None:
    if os.geteuid():
        return  # this process is not in the worker's user namespace, whose attributes count
    with tempfile.TemporaryDirectory() as folder:
        lowers = [base]
        for number, entries in enumerate(layers):
            _make(f"{folder}/{number}", entries)
            lowers.append(f"{folder}/{number}")
        runner = Runner(worker, base, Path(folder))
        runner.lowers = tuple(lowers)
        # A listing of a directory that only one layer has shows its whiteouts too; looking one up finds nothing.
        shown = runner.says("find /t | while read f; do if test -e $f || test -L $f; then echo $f; fi; done").split()
        assert sorted(shown) == sorted(_walk(Merged(runner.lowers), "/t"))
