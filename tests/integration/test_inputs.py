"""Where a build's files come from: folder, tar, standard input, named contexts."""

from __future__ import annotations

import gzip
import io
import json
import os
import pty
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.support.cli import Pybuild, write

FILES = {"Buildfile": "FROM scratch\nCOPY . /all/\nCOPY one /first\n", "one": "1\n", "sub/two": "2\n"}


def tar_of(folder: Path, owner: int = 0) -> bytes:
    """The folder's files as `tar -C folder .` gives them."""

    def owned(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = owner
        return member

    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        archive.add(folder, ".", filter=owned)
    return data.getvalue()


def result(pybuild: Pybuild, *args: str, stdin: bytes | None = None) -> dict[str, object]:
    value: dict[str, object] = json.loads(pybuild.run("build", "--format", "json", *args, stdin=stdin).stdout)
    return value


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_the_same_files_hit_wherever_they_come_from(pybuild: Pybuild, pack: type[bytes], tmp_path: Path) -> None:
    write(pybuild.cwd, FILES)
    folder = result(pybuild, ".")
    data = pack(tar_of(pybuild.cwd))
    archive = tmp_path / "context.tar"
    archive.write_bytes(data)
    for args, stdin in ((("-",), data), ((str(archive),), None)):
        again = result(pybuild, *args, stdin=stdin)
        assert (again["cached"], again["digest"]) == (2, folder["digest"])


def test_owners_in_an_archive_are_kept(pybuild: Pybuild) -> None:
    write(pybuild.cwd, FILES)
    done = subprocess.run(
        pybuild.argv("build", "-o", "-", "-"),
        input=tar_of(pybuild.cwd, owner=1234),
        env=pybuild.environment(),
        capture_output=True,
        check=True,
    )
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        owners = {member.name: member.uid for member in archive}
    assert owners["all/one"] == owners["all/sub"] == owners["first"] == 1234


def test_an_archive_has_no_ignore_file(pybuild: Pybuild, tmp_path: Path) -> None:
    write(pybuild.cwd, FILES | {".dockerignore": "one\n"})
    (tmp_path / "a.tar").write_bytes(tar_of(pybuild.cwd))
    assert (pybuild.files(str(tmp_path / "a.tar"), into=tmp_path / "out") / "first").read_text() == "1\n"


def test_a_buildfile_in_an_archive_is_named_by_its_path_there(pybuild: Pybuild, tmp_path: Path) -> None:
    write(pybuild.cwd, FILES | {"build/Other": "FROM scratch\nCOPY one /other\n"})
    data = tar_of(pybuild.cwd)
    pybuild.run("build", "-f", "build/Other", "-o", str(tmp_path / "out"), "-", stdin=data)
    assert os.listdir(tmp_path / "out") == ["other"]
    assert "no build/Missing" in pybuild.run("build", "-f", "build/Missing", "-", stdin=data, code=1).stderr


def test_a_buildfile_on_standard_input_has_no_context(pybuild: Pybuild) -> None:
    write(pybuild.cwd, {"one": "1\n"})
    said = pybuild.run("build", "-", stdin=b"FROM scratch\nCOPY one /\n", code=1).stderr
    assert "-:2: error: 'one' is not in the build context" in said


def test_a_buildfile_on_standard_input_with_a_folder(pybuild: Pybuild, tmp_path: Path) -> None:
    write(pybuild.cwd, {"one": "1\n"})
    pybuild.run("build", "-f", "-", "-o", str(tmp_path / "out"), ".", stdin=b"FROM scratch\nCOPY one /first\n")
    assert (tmp_path / "out" / "first").read_text() == "1\n"


@pytest.mark.parametrize(
    ("args", "stdin", "code", "said"),
    [
        (("-f", "-", "-"), b"FROM scratch\n", 2, "cannot be both context and Buildfile"),
        (("-f", "Other", "-"), b"FROM scratch\n", 2, "-f Other names another"),
        (("-",), b"", 1, "standard input is empty"),
        (("-",), b"\x1f\x8b\x08rubbish", 1, "cannot be the context"),
        (("Buildfile",), None, 1, "neither a folder nor a tar archive"),
        (("--build-context", "a=nowhere", "."), None, 1, "nowhere does not exist"),
        (("--build-context", "a=target:b", "."), None, 2, "only bake has targets"),
        (("--build-context", "a", "."), None, 2, "expected NAME=VALUE"),
        (("--build-context", "A b=.", "."), None, 2, "not an image name"),
    ],
)
def test_faults(pybuild: Pybuild, args: tuple[str, ...], stdin: bytes | None, code: int, said: str) -> None:
    write(pybuild.cwd, {"Buildfile": "FROM scratch\n"})
    assert said in pybuild.run("build", *args, stdin=stdin, code=code).stderr


@pytest.mark.parametrize("args", [("-",), ("-f", "-", ".")])
def test_a_terminal_is_not_waited_for(pybuild: Pybuild, args: tuple[str, ...]) -> None:
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            pybuild.argv("build", *args),
            stdin=theirs,
            cwd=pybuild.cwd,
            env=pybuild.environment(),
            capture_output=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 1
    assert b"standard input is a terminal" in done.stderr


def test_a_hostile_archive_reaches_nothing(pybuild: Pybuild, tmp_path: Path) -> None:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, content in (("Buildfile", b"FROM scratch\nCOPY . /\n"), ("../../up", b"up"), ("link/through", b"x")):
            if name.startswith("link"):
                link = tarfile.TarInfo("link")
                link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
                archive.addfile(link)
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    before = sorted(os.listdir(tmp_path))
    pybuild.run("build", "-", stdin=data.getvalue())
    assert sorted({*os.listdir(tmp_path), "store"}) == sorted({*before, "store"})
    assert os.listdir(pybuild.root / "tmp") == []


def test_another_named_context_is_another_plan(pybuild: Pybuild, tmp_path: Path) -> None:
    write(pybuild.cwd, {"Buildfile": "FROM scratch\nCOPY --from=data file /\n", "a/file": "a", "b/file": "b"})
    for name in ("a", "b", "a"):
        out = pybuild.files("--build-context", f"data={name}", ".", into=tmp_path / "out")
        assert (out / "file").read_text() == name
    assert pybuild.ran("--build-context", "data=a", ".") == {}
