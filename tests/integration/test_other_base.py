"""Images that were rolled back and rebased, as builds and other tools see them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.cli import Pybuild, write
from tests.support.machine import missing_for_run
from tests.support.umoci import unpack_with_umoci

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(bool(missing_for_run()), reason=missing_for_run() or "-"),
    pytest.mark.skipif(not shutil.which("umoci") or not shutil.which("skopeo"), reason="umoci or skopeo is missing"),
]
EPOCH = {"SOURCE_DATE_EPOCH": "1700000000"}
LINES = [
    "FROM base",
    "ENV A=1",
    "RUN echo one > /one",
    "LABEL x=y",
    "RUN echo two > /two && rm /one",
    'ENTRYPOINT ["cat"]',
]


def build(pybuild: Pybuild, name: str, lines: list[str]) -> str:
    write(pybuild.cwd, {"Buildfile": "\n".join(lines) + "\n"})
    return str(pybuild.build("-t", name, env=EPOCH)["image_id"])


def unpacked(pybuild: Pybuild, name: str, tmp_path: Path) -> Path:
    """umoci checks every digest on the way."""
    subprocess.run(["skopeo", "inspect", f"oci:{pybuild.root}:{name}"], check=True, capture_output=True)
    layout, bundle = tmp_path / "layout", tmp_path / f"bundle-{name.replace(':', '-')}"
    shutil.rmtree(layout, ignore_errors=True)
    subprocess.run(["skopeo", "copy", "-q", f"oci:{pybuild.root}:{name}", f"oci:{layout}:x"], check=True)
    unpack_with_umoci(f"{layout}:x", str(bundle))
    return bundle / "rootfs"


def test_a_step_of_before_is_the_image_that_a_build_of_it_makes(based: Pybuild, tmp_path: Path) -> None:
    early = build(based, "early:1", LINES[:4])
    build(based, "app:1", LINES)
    rows = [json.loads(line) for line in based.run("history", "--format", "json", "app:1").stdout.splitlines()]
    step = next(row["step"] for row in rows if row["created_by"] == "LABEL x=y")
    blobs = len(list((based.root / "blobs/sha256").iterdir()))
    value = json.loads(based.run("rollback", "--format", "json", "app:1", str(step)).stdout)
    assert value["id"] == early, "the very same bytes"
    assert value["name"] == "app:1"
    assert len(list((based.root / "blobs/sha256").iterdir())) == blobs
    assert (unpacked(based, "app:1", tmp_path) / "one").read_text() == "one\n"
    write(based.cwd, {"Buildfile": 'FROM app:1\nRUN test -e /one && test ! -e /two && test "$A" = 1\n'})
    based.run("build", "-t", "on-top")
    digest = next(row["digest"] for row in rows if "echo one" in row["created_by"])
    assert based.run("rollback", "-t", "again", "app:1", digest[7:20]).stdout.startswith("again:latest is what it was")
    based.run("rollback", "app:1", "99", code=1)


def test_a_rebased_image_works(based: Pybuild, tmp_path: Path) -> None:
    build(based, "base:1", ["FROM base", "RUN echo 1 > /version && echo a > /shared", "ENV V=1"])
    build(based, "base:2", ["FROM base", "RUN echo 2 > /version && echo a > /shared", "ENV V=2"])
    build(based, "app:1", ["FROM base:1", "RUN echo own > /own && rm /shared", 'CMD ["cat", "/own"]'])
    done = based.run("rebase", "app:1", "--onto", "base:2", "-t", "app:2")
    assert done.stdout == "app:2 is 1 layer on base:2 (before: base:1)\n"
    files = unpacked(based, "app:2", tmp_path)
    assert [(files / name).read_text() for name in ("version", "own")] == ["2\n", "own\n"]
    assert not (files / "shared").exists()
    write(based.cwd, {"Buildfile": 'FROM app:2\nRUN test "$V" = 2 && grep 2 /version && test ! -e /shared\n'})
    based.run("build", "-t", "on-top")
    assert based.run("run", "--rm", "app:2").stdout == "own\n"
    direct = build(based, "app:direct", ["FROM base:2", "RUN echo own > /own && rm /shared"])
    assert direct
    changes = json.loads(based.run("diff", "--format", "json", "app:2", "app:direct").stdout)["changes"]
    assert changes == [], "as if it had been built there"
