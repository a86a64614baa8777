"""A container's files as a tar."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from tests.support.cli import Pybuild
from tests.support.machine import missing_for_run

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(bool(missing_for_run()), reason=missing_for_run() or "-"),
]


def test_the_images_files_and_its_own(box: Pybuild, tmp_path: Path) -> None:
    box.run("run", "--name", "web", "base", "sh", "-c", "echo own > /own && rm /bin/cat")
    box.run("export", "-o", str(tmp_path / "a.tar"), "web")
    with tarfile.open(tmp_path / "a.tar") as archive:
        names = archive.getnames()
        own = archive.extractfile("own")
        assert own is not None
        assert own.read() == b"own\n"
    assert names == sorted(names)
    assert not [name for name in names if name.endswith("bin/cat")]
    assert [name for name in names if name.endswith("bin/sh")]
    box.run("import", str(tmp_path / "a.tar"), "again")
    assert box.run("run", "--rm", "again", "sh", "-c", "read line < /own; echo $line").stdout == "own\n"
    assert "used by container web" in box.run("rmi", "base", code=1).stderr
