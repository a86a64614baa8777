"""What an ordinary user builds: a Debian with programs in it, by subordinate ids; COPY, by no right at all."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli import Pybuild, write
from tests.support.ordinary import ROOT, OrdinaryUser, ordinary_user

INSTALL = """\
FROM debian
RUN apt-get update && apt-get install -y --no-install-recommends python3 nginx && rm -rf /var/lib/apt/lists/*
COPY --chown=www-data app.py /srv/
USER www-data
RUN test -w /srv/app.py && ! touch /etc/x
CMD ["python3", "/srv/app.py"]
"""
APP = """\
import os, pwd, subprocess
print(pwd.getpwuid(os.getuid()).pw_name, pwd.getpwuid(os.stat("/srv/app.py").st_uid).pw_name)
print(subprocess.run(["nginx", "-v"], stderr=subprocess.PIPE, text=True, check=True).stderr)
"""


@pytest.fixture
def user() -> Iterator[OrdinaryUser]:
    with ordinary_user() as user:
        yield user


def started(layout: Path, folder: Path) -> str:
    """What the image's own command says, run in its files as its own user."""
    bundle = folder / "bundle"
    subprocess.run(["umoci", "unpack", "--image", f"{layout}:latest", str(bundle)], check=True, capture_output=True)
    process = json.loads((bundle / "config.json").read_text())["process"]
    ids = [f"--userspec={process['user']['uid']}:{process['user']['gid']}"]
    done = subprocess.run(
        ["chroot", *ids, str(bundle / "rootfs"), *process["args"]],
        env=dict(entry.split("=", 1) for entry in process["env"]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def context_in(folder: Path) -> Path:
    return write(folder / "context", {"Buildfile": INSTALL, "app.py": APP})


@pytest.mark.kernel
@pytest.mark.network
def test_programs_of_a_debian_by_root(debian_base: Path, tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("not root")
    pybuild = Pybuild(tmp_path / "store", context_in(tmp_path))
    pybuild.run("import", str(debian_base), "debian")
    pybuild.run("build", "-t", "app", "-o", f"type=oci,tar=false,dest={tmp_path / 'layout'}")
    said = started(tmp_path / "layout", tmp_path)
    assert said.startswith("www-data www-data\n")
    assert "nginx version" in said


@pytest.mark.kernel
@pytest.mark.network
def test_programs_of_a_debian_by_an_ordinary_user(debian_base: Path, tmp_path: Path, user: OrdinaryUser) -> None:
    shutil.copy(debian_base, user.folder / "debian.tar")
    (user.folder / "debian.tar").chmod(0o644)
    context = context_in(user.folder)
    pybuild = [user.python, "-m", "builder", "--root", str(user.folder / "store")]
    layout = user.folder / "layout"
    steps = [["import", "debian.tar", "debian"], ["build", "-t", "app", "-o", f"type=oci,tar=false,dest={layout}", "."]]
    for step, cwd in zip(steps, (user.folder, context), strict=True):
        done = user.run([*pybuild, *step], cwd=cwd)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    said = started(layout, tmp_path)
    assert said.startswith("www-data www-data\n")
    assert "nginx version" in said


def test_a_copy_needs_no_namespace_no_mount_and_no_helper(base_tar: Path, tmp_path: Path, user: OrdinaryUser) -> None:
    """Not even where they are refused: whatever would make one fails."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    shutil.copy(base_tar, user.folder / "base.tar")
    (user.folder / "base.tar").chmod(0o644)
    buildfile = """\
FROM base AS first
FROM base
WORKDIR /srv
COPY --chown=alice . app
ADD a.tar /
COPY --from=first /bin/sh /x/
"""
    context = write(user.folder / "context", {"Buildfile": buildfile, "a": "1"})
    subprocess.run(["tar", "-C", str(context), "-cf", str(context / "a.tar"), "a"], check=True)
    trace = user.folder / "trace"
    refuse = ["-e", "trace=unshare,mount,setns,pivot_root,fsopen,open_tree,clone,clone3,execve"]
    refuse += ["-e", "inject=unshare,mount,setns,pivot_root,fsopen,open_tree:error=EPERM"]
    pybuild = [user.python, "-m", "builder", "--root", str(user.folder / "store")]
    outputs = [f"type={kind},dest={user.folder / kind}" for kind in ("oci", "docker", "tar", "local")]
    build = ["build", "-t", "app", *(word for output in outputs for word in ("-o", output)), str(context)]
    for number, command in enumerate((["import", "base.tar", "base"], build, build)):
        done = user.run(["strace", "-f", "-o", f"{trace}{number}", *refuse, *pybuild, *command])
        assert done.returncode == 0, done.stderr
        lines = (user.folder / f"trace{number}").read_text().splitlines()
        asked = [line for line in lines if "CLONE_NEW" in line or "EPERM" in line or "newuidmap" in line]
        assert asked == []
    assert (user.folder / "local/srv/app/a").read_text() == "1"


def test_the_checkout_can_be_read(user: OrdinaryUser) -> None:
    """Else the tests above would fail for a reason that has nothing to do with them."""
    assert user.run(["test", "-r", str(ROOT / "builder" / "__init__.py")]).returncode == 0
