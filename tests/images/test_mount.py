"""Images as read-only folders."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from builder.cli.main import main
from tests.support.machine import missing_for_run
from tests.support.placed import put_image

FILES = {"bin/": b"", "bin/sh": b"#!", "gone": b"x"}
MORE = {".wh.gone": b"", "new": b"n"}

pytestmark = pytest.mark.skipif(bool(missing_for_run()), reason=missing_for_run() or "-")


@pytest.fixture
def root(tmp_path: Path) -> str:
    return str(tmp_path / "store")


def mounted(root: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    assert main(["mount", "--root", root, "--format", "json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts without a namespace")
def test_mounts_stay_are_listed_and_protect_what_they_show(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    put_image(root, "app:1.0", [FILES, MORE])
    put_image(root, "one:1.0", [FILES])
    assert main(["mount", "--root", root, "app:1.0", "one:1.0"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    try:
        assert sorted(os.listdir(first)) == ["bin", "new"]
        assert sorted(os.listdir(second)) == ["bin", "gone"]
        with pytest.raises(OSError, match="Read-only"):
            Path(first, "more").touch()
        assert main(["mount", "--root", root, "app:1.0"]) == 0
        assert capsys.readouterr().out == f"{first}\n", "mounting again gives the same place"
        assert {row["path"]: row["visible"] for row in mounted(root, capsys)} == {first: True, second: True}
        assert main(["rmi", "--root", root, "app:1.0"]) == 1
        assert main(["rmi", "--root", root, "-f", "app:1.0"]) == 0
        assert Path(first, "new").read_bytes() == b"n", "by force, and still there"
        capsys.readouterr()
        with open(f"{second}/gone", "rb"):
            assert main(["umount", "--root", root, "one:1.0"]) == 1
        assert "leave the folder" in capsys.readouterr().err
    finally:
        assert main(["umount", "--root", root, "--all"]) == 0
    assert set(capsys.readouterr().out.splitlines()) == {first, second}
    assert mounted(root, capsys) == []
    assert os.listdir(f"{root}/mounts") == []
    assert main(["umount", "--root", root, "one:1.0"]) == 1
    assert "not mounted" in capsys.readouterr().err
    assert main(["umount", "--root", root]) == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts without a namespace")
def test_notes_of_before_a_restart_mean_nothing(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    put_image(root, "app:1.0", [FILES])
    assert main(["mount", "--root", root, "app:1.0"]) == 0
    place = capsys.readouterr().out.strip()
    note = Path(place).parent / "note.json"
    subprocess.run(["umount", place], check=True)
    note.write_text(json.dumps(json.loads(note.read_text()) | {"boot": "another"}))
    assert mounted(root, capsys) == []
    assert main(["rmi", "--root", root, "app:1.0"]) == 0


@pytest.mark.ordinary_user
def test_an_ordinary_user_is_told_how(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    put_image(root, "app:1.0", [FILES, MORE])
    assert main(["mount", "--root", root, "app:1.0"]) == 1
    message = capsys.readouterr().err
    assert "this user may not mount" in message
    setting, *shell = shlex.split(message.partition("`")[2].partition(" sh`")[0])
    assert setting == f"PYBUILD_ROOT={root}"
    pybuild = f"{sys.executable} -m builder --root '{root}'"
    command = [*shell, "sh", "-c", f'ls "$({pybuild} mount app:1.0)" && {pybuild} umount --all']
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.stdout.split()[:2] == ["bin", "new"], done.stderr
