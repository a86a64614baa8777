"""What other tools say to our archives."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from builder.errors import BuilderError, OutputError, UsageError
from builder.images.stored import Image
from builder.outputs.docker import DockerOutput
from builder.outputs.metadata import write_iidfile, write_metadata_file
from builder.outputs.oci import OciOutput
from builder.outputs.spec import parse_output
from builder.outputs.store import StoreOutput
from builder.outputs.types import Means, Output, OutputKind, OutputSpec
from tests.support.umoci import unpack_with_umoci

KINDS: dict[OutputKind, Callable[[OutputSpec, Means], Output]] = {
    OutputKind.OCI: OciOutput,
    OutputKind.DOCKER: DockerOutput,
    OutputKind.IMAGE: StoreOutput,
}


def output(text: str, means: Means) -> Output:
    spec = parse_output(text)
    return KINDS[spec.kind](spec, means)


def inspect(place: str, *options: str) -> dict[str, object]:
    done = subprocess.run(["skopeo", "inspect", *options, place], check=True, capture_output=True)
    value: dict[str, object] = json.loads(done.stdout)
    return value


def test_oci_archive_is_read_by_skopeo_and_unpacked_by_umoci(image: Image, means: Means, tmp_path: Path) -> None:
    output(f"type=oci,dest={tmp_path}/x.tar,name=app:1.0", means).write(image)
    assert inspect(f"oci-archive:{tmp_path}/x.tar:1.0")["Digest"] == image.descriptor.digest
    folder = tmp_path / "copy"
    folder.mkdir()
    subprocess.run(["tar", "-C", folder, "-xf", tmp_path / "x.tar"], check=True)
    unpack_with_umoci(f"{folder}:1.0", f"{tmp_path}/bundle")
    assert (tmp_path / "bundle/rootfs/etc/name").read_text() == "new"
    assert not (tmp_path / "bundle/rootfs/etc/gone").exists()


def test_oci_directory_is_used_in_place_and_gains_images(image: Image, means: Means, tmp_path: Path) -> None:
    for name in ("app:1", "other:2", "app:1"):
        output(f"type=oci,tar=false,dest={tmp_path}/dir,name={name}", means).write(image)
    for tag in ("1", "2"):
        assert inspect(f"oci:{tmp_path}/dir:{tag}")["Digest"] == image.descriptor.digest
    assert len(json.loads((tmp_path / "dir/index.json").read_text())["manifests"]) == 2
    for path in (tmp_path / "dir/blobs/sha256").iterdir():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name


def test_docker_archive_in_both_readings(image: Image, means: Means, tmp_path: Path) -> None:
    output(f'type=docker,dest={tmp_path}/x.tar,"name=app:1.0,localhost:5000/b"', means).write(image)
    for name in ("app:1.0", "localhost:5000/b:latest"):
        config = inspect(f"docker-archive:{tmp_path}/x.tar:{name}", "--config")
        assert config == image.config.to_json()
    assert inspect(f"oci-archive:{tmp_path}/x.tar:1.0")["Digest"] == image.descriptor.digest


@pytest.mark.skipif(not shutil.which("podman"), reason="podman is not installed")
@pytest.mark.parametrize("kind", ["oci", "docker"])
def test_podman_loads_it_under_its_name(kind: str, image: Image, means: Means, tmp_path: Path) -> None:
    output(f"type={kind},dest={tmp_path}/x.tar,name=localhost/pybuild-test:{kind}", means).write(image)
    with tempfile.TemporaryDirectory(prefix="run") as run:  # podman takes no longer path than 50 characters

        def podman(*args: str) -> bytes:
            places = ["--root", f"{tmp_path}/podman", "--runroot", run, "--storage-driver", "vfs"]
            environment = os.environ | {"TMPDIR": str(tmp_path)}
            return subprocess.run(
                ["podman", *places, *args], check=True, stdout=subprocess.PIPE, env=environment
            ).stdout

        podman("load", "-i", f"{tmp_path}/x.tar")
        shown = podman("image", "inspect", f"localhost/pybuild-test:{kind}")
        podman("rmi", "--all", "--force")  # its files belong to ids that only podman can remove
    (value,) = json.loads(shown)
    assert value["Id"] == image.id.hex
    assert value["Config"]["Cmd"] == ["/bin/sh"]


@pytest.mark.parametrize("kind", ["oci", "docker"])
def test_the_same_bytes_every_time(kind: str, image: Image, means: Means, tmp_path: Path) -> None:
    for name in ("a", "b"):
        output(f"type={kind},dest={tmp_path}/{name},name=app", means).write(image)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with tarfile.open(tmp_path / "a") as archive:
        names = archive.getnames()
    assert names == sorted(names)


def test_the_store_holds_a_named_image_whole(image: Image, means: Means) -> None:
    assert not all(means.store.blobs.has(layer.descriptor.digest) for layer in image.layers)
    output('type=image,"name=app:1.0,b"', means).write(image)
    assert all(means.store.blobs.has(layer.descriptor.digest) for layer in image.layers)
    assert [name for name, _ in means.store.refs.items()] == ["app:1.0", "b:latest"]
    assert inspect(f"oci:{means.store.root}:app:1.0")["Digest"] == image.descriptor.digest


def test_without_a_name_the_image_stays_too(image: Image, means: Means) -> None:
    output("type=image", means).write(image)
    assert means.store.refs.untagged() == (image.descriptor,)


def test_a_failed_output_leaves_the_old_one(image: Image, means: Means, tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_text("old")
    writer = output(f"type=oci,dest={tmp_path}/x.tar", means)
    writer.write(image)
    whole = (tmp_path / "x.tar").read_bytes()
    (tmp_path / "x.tar").write_text("old")
    damaged = means.store.blobs.path(image.layers[0].descriptor.digest)
    os.chmod(damaged, 0o644)
    with open(damaged, "r+b") as file:
        file.write(b"\0\0")
    with pytest.raises(BuilderError):
        writer.write(image)
    assert (tmp_path / "x.tar").read_text() == "old"
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]
    writer.write(image)
    assert (tmp_path / "x.tar").read_bytes() == whole, "the damaged layer was fetched again"


def test_standard_output_and_terminals(image: Image, means: Means, tmp_path: Path) -> None:
    with open(tmp_path / "out", "wb") as out:
        OciOutput(parse_output("type=oci"), means._replace(stdout_fd=out.fileno())).write(image)
    with tarfile.open(tmp_path / "out") as archive:
        assert "index.json" in archive.getnames()
    control, terminal = os.openpty()
    try:
        with pytest.raises(UsageError) as caught:
            OciOutput(parse_output("type=oci"), means._replace(stdout_fd=terminal)).write(image)
    finally:
        os.close(control)
        os.close(terminal)
    assert caught.value.code == "terminal"


def test_destinations_that_cannot_be(image: Image, means: Means, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").touch()
    for text in (f"type=oci,dest={tmp_path}/no/such/x.tar", f"type=oci,tar=false,dest={tmp_path}/full",
                 f"type=oci,dest={tmp_path}/full"):  # fmt: skip
        with pytest.raises(OutputError):
            output(text, means).write(image)
    assert os.listdir(tmp_path / "full") == ["file"]


def test_files_for_scripts(image: Image, tmp_path: Path) -> None:
    write_iidfile(str(tmp_path / "iid"), image)
    assert (tmp_path / "iid").read_text() == image.id
    write_metadata_file(str(tmp_path / "meta"), image, ("app:1.0", "b:latest"), "build-7")
    value = json.loads((tmp_path / "meta").read_text())
    assert value["containerimage.digest"] == image.descriptor.digest
    assert value["containerimage.config.digest"] == image.id
    assert value["image.name"] == "app:1.0,b:latest"
