"""What other tools make of our images."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.support.cli import Pybuild, write

BUILDFILE = """\
FROM base
WORKDIR /app
COPY --chown=7:8 --chmod=640 data .
RUN echo made > made && ln -s made link && rm /app/removed && mkdir -p deep/er
ENV GREETING=hello
USER 7
CMD ["/bin/sh", "-c", "echo $GREETING from $(cat made)"]
"""


def tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def own_limits() -> list[str]:
    """podman's defaults may be more than this machine lets a container have."""
    return [word for name in ("nofile", "nproc") for word in ("--ulimit", f"{name}=1024:1024")]


@pytest.fixture
def built(based: Pybuild) -> Pybuild:
    write(based.cwd, {"Buildfile": BUILDFILE, "data/kept": "k", "data/removed": "r"})
    based.run("build", "-t", "app:1.0")
    return based


def test_skopeo_reads_the_store_in_place(built: Pybuild) -> None:
    done = subprocess.run(
        [tool("skopeo"), "inspect", f"oci:{built.root}:app:1.0"], check=True, capture_output=True, text=True
    )
    assert json.loads(done.stdout)["Env"][-1] == "GREETING=hello"


def test_umoci_unpacks_exactly_what_the_build_saw(built: Pybuild, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    subprocess.run([tool("umoci"), "unpack", "--image", f"{built.root}:app:1.0", str(bundle)], check=True)
    built.run("build", "-o", f"type=tar,dest={tmp_path / 'files.tar'}")
    files = tmp_path / "files"
    files.mkdir()
    subprocess.run(["tar", "-C", str(files), "-xpf", str(tmp_path / "files.tar")], check=True)
    assert tree(bundle / "rootfs") == tree(files)
    app = tree(files / "app")
    assert {name: fact[:4] for name, fact in app.items()} == {
        "deep": ("d", 0o755, 0, 0),
        "deep/er": ("d", 0o755, 0, 0),
        "kept": ("f", 0o640, 7, 8),
        "link": ("l", 0o777, 0, 0),
        "made": ("f", 0o644, 0, 0),
    }


def tree(root: Path) -> dict[str, tuple[str, int, int, int, str]]:
    facts = {}
    for path in root.rglob("*"):
        status = path.lstat()
        kind = "l" if path.is_symlink() else "d" if path.is_dir() else "f"
        content = os.readlink(path) if kind == "l" else path.read_bytes().hex() if kind == "f" else ""
        facts[str(path.relative_to(root))] = (kind, status.st_mode & 0o7777, status.st_uid, status.st_gid, content)
    return facts


@pytest.mark.parametrize("kind", ["docker", "oci"])
def test_podman_runs_what_we_write(built: Pybuild, tmp_path: Path, kind: str) -> None:
    podman = tool("podman")
    archive = tmp_path / "app.tar"
    built.run("build", "-t", "app:1.0", "-o", f"type={kind},dest={archive}")
    with tempfile.TemporaryDirectory(prefix="p") as short:  # podman refuses a run root of more than 50 characters
        storage = [
            "--root",
            f"{short}/s",
            "--runroot",
            f"{short}/r",
            "--storage-driver",
            "vfs",
            "--cgroup-manager",
            "cgroupfs",
        ]
        loaded = subprocess.run(
            [podman, *storage, "load", "-i", str(archive)], check=True, capture_output=True, text=True
        )
        name = loaded.stdout.split(": ")[1].strip()
        assert name.endswith("/app:1.0")
        run = [podman, *storage, "run", "--rm", "--network", "host", *own_limits()]
        done = subprocess.run([*run, "--runtime", tool("runc"), name], check=False, capture_output=True, text=True)
    assert done.stdout == "hello from made\n", done.stderr


def test_scripts_learn_what_was_built(based: Pybuild, tmp_path: Path) -> None:
    write(based.cwd, {"Buildfile": "FROM base\n"})
    iidfile, metadata = tmp_path / "iid", tmp_path / "metadata.json"
    result = based.build("-t", "app:1.0", "--iidfile", str(iidfile), "--metadata-file", str(metadata))
    assert iidfile.read_text() == result["image_id"]
    value = json.loads(metadata.read_text())
    assert value["containerimage.digest"] == result["digest"]
    assert value["containerimage.config.digest"] == result["image_id"]
    assert value["image.name"] == "app:1.0"


def test_several_outputs_each_in_its_form(built: Pybuild, tmp_path: Path) -> None:
    zstd, plain, files = tmp_path / "zstd", tmp_path / "plain.tar", tmp_path / "files"
    outputs = [
        f"type=oci,tar=false,dest={zstd},compression=zstd",
        f"type=docker,dest={plain},compression=uncompressed",
        f"type=local,dest={files}",
        "type=image,name=again:1",
    ]
    metadata = tmp_path / "metadata.json"
    built.run("build", *(word for text in outputs for word in ("-o", text)), "--metadata-file", str(metadata))
    index = json.loads((zstd / "index.json").read_text())
    assert index["manifests"][0]["digest"] == json.loads(metadata.read_text())["containerimage.digest"]
    manifest = json.loads((zstd / "blobs/sha256" / index["manifests"][0]["digest"][7:]).read_text())
    assert [layer["mediaType"].rpartition("+")[2] for layer in manifest["layers"]] == ["gzip", "zstd", "zstd", "zstd"]
    load = [tool("skopeo"), "inspect", "--config", f"docker-archive:{plain}"]
    assert "GREETING=hello" in subprocess.run(load, check=True, capture_output=True, text=True).stdout
    assert (files / "app/made").read_text() == "made\n"
    assert "again  " in built.run("images").stdout
    assert built.build("-t", "app:2", "-o", "type=image,name=more:1")["names"] == ["app:2", "more:1"]


def test_a_destination_that_cannot_be_is_told_before_a_step_runs(based: Pybuild, tmp_path: Path) -> None:
    write(based.cwd, {"Buildfile": "FROM base\nRUN echo x > /x\n"})
    lost = based.run("build", "-o", f"type=oci,dest={tmp_path}/nowhere/app.tar", code=1).stderr
    assert f"error: {tmp_path}/nowhere/app.tar cannot be written" in lost
    assert "hint: make the directory first" in lost
    control, terminal = os.openpty()
    command = based.argv("build", "-o", "type=docker")
    done = subprocess.run(
        command, cwd=based.cwd, env=based.environment(), stdout=terminal, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(terminal)
    os.close(control)
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, "error: an archive is not written to a terminal")
    assert "RUN" not in lost + done.stderr


def test_cacheonly_leaves_the_cache_and_no_image(based: Pybuild) -> None:
    write(based.cwd, {"Buildfile": "FROM base\nRUN echo x > /x\n"})
    before = based.run("images", "-q").stdout
    based.run("build", "-o", "type=cacheonly")
    assert based.run("images", "-q").stdout == before
    assert "1 of 1 steps cached" in based.run("build").stderr
