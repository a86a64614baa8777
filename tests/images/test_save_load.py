"""What `save` writes and `load` reads, here and against the archives of other tools."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import shlex
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Generator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.cli.main import main
from builder.model.digest import Digest
from builder.store.check import check
from builder.store.store import Store
from tests.support.cli import Pybuild
from tests.support.placed import put_image, put_index

BASE = {"bin/": b"", "bin/sh": b"#!"}
APP = {"app/": b"", "app/own": b"own" * 1000}
COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.compress,
}


@pytest.fixture
def root(tmp_path: Path) -> str:
    return str(tmp_path / "store")


def save(root: str, dest: Path, *args: str) -> bytes:
    assert main(["save", "--root", root, "-o", str(dest), *args]) == 0
    return dest.read_bytes()


def load(root: str, source: Path, *args: str, code: int = 0) -> None:
    assert main(["load", "--root", root, "-i", str(source), *args]) == code


def names_of(root: str) -> dict[str, Digest]:
    with Store.open(root) as store:
        return {name: descriptor.digest for name, descriptor in store.refs.items()}


@pytest.mark.parametrize("form", ["docker-archive", "oci-archive"])
def test_a_round_trip_gives_the_same_bytes(
    form: str, root: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_image(root, "app:1.0", [BASE, APP])
    put_image(root, "localhost:5000/other:2", [BASE], Cmd=["x"])
    put_index(root, "many:1", {"linux/amd64": [BASE], "linux/arm64": [BASE, APP]})
    wanted = ["many:1", "app:1.0", "localhost:5000/other:2"]
    first = save(root, tmp_path / "a.tar", "--format", form, *wanted)
    assert save(root, tmp_path / "b.tar", "--format", form, *reversed(wanted)) == first
    other = str(tmp_path / "other")
    load(other, tmp_path / "a.tar")
    assert sorted(capsys.readouterr().out.splitlines()) == [f"Loaded image: {name}" for name in sorted(wanted)]
    assert names_of(other) == names_of(root)
    assert save(other, tmp_path / "c.tar", "--format", form, *wanted) == first


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_compressed_archives(compression: str, root: str, tmp_path: Path) -> None:
    put_image(root, "app:1.0", [BASE, APP])
    packed = tmp_path / "packed"
    packed.write_bytes(COMPRESSIONS[compression](save(root, tmp_path / "a.tar", "app:1.0")))
    load(str(tmp_path / "other"), packed)
    assert names_of(str(tmp_path / "other")) == names_of(root)
    with Store.open(str(tmp_path / "other")) as store:
        assert not os.listdir(store.folder("tmp")), "what was spooled is gone"


def test_pipes(root: str, tmp_path: Path) -> None:
    put_image(root, "app:1.0", [BASE, APP])
    saving, loading = Pybuild(Path(root), tmp_path), Pybuild(tmp_path / "other", tmp_path)
    command = f"{shlex.join(saving.argv('save', 'app:1.0'))} | {shlex.join(loading.argv('load', '-q'))}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout == "app:1.0\n"
    assert names_of(str(tmp_path / "other")) == names_of(root)


def test_one_platform_of_several(root: str, tmp_path: Path) -> None:
    written = put_index(root, "many:1", {"linux/amd64": [BASE], "linux/arm64": [BASE, APP]})
    save(root, tmp_path / "a.tar", "--platform", "linux/arm64", "many:1")
    load(str(tmp_path / "one"), tmp_path / "a.tar")
    assert names_of(str(tmp_path / "one")) == {"many:1": written["linux/arm64"].manifest}
    save(root, tmp_path / "b.tar", "many:1")
    load(str(tmp_path / "two"), tmp_path / "b.tar", "--platform", "linux/amd64")
    assert names_of(str(tmp_path / "two")) == {"many:1": written["linux/amd64"].manifest}
    assert main(["save", "--root", root, "-o", str(tmp_path / "c"), "--platform", "linux/s390x", "many:1"]) == 1
    assert not (tmp_path / "c").exists()


def test_an_index_of_which_one_platform_is_here(root: str, tmp_path: Path) -> None:
    """As after a pull for one platform."""
    written = put_index(root, "many:1", {"linux/amd64": [BASE], "linux/arm64": [BASE, APP]})
    with Store.open(root) as store:
        store.blobs.remove(Digest(written["linux/amd64"].manifest))
    first = save(root, tmp_path / "a.tar", "many:1")
    other = str(tmp_path / "other")
    load(other, tmp_path / "a.tar")
    assert names_of(other) == names_of(root)
    assert save(other, tmp_path / "b.tar", "many:1") == first


def test_by_id_there_is_no_name(root: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = put_image(root, "app:1.0", [BASE])
    save(root, tmp_path / "a.tar", written.config)
    load(str(tmp_path / "other"), tmp_path / "a.tar")
    assert capsys.readouterr().out == f"Loaded image ID: {written.config}\n"
    assert names_of(str(tmp_path / "other")) == {}


def test_a_name_that_moves_leaves_its_image(root: str, tmp_path: Path) -> None:
    put_image(root, "app:1.0", [BASE])
    save(root, tmp_path / "a.tar", "app:1.0")
    other = str(tmp_path / "other")
    old = put_image(other, "app:1.0", [APP])
    load(other, tmp_path / "a.tar")
    assert names_of(other) == names_of(root)
    with Store.open(other) as store:
        assert [descriptor.digest for descriptor in store.refs.untagged()] == [old.manifest]


def test_export_shows_the_merged_files(root: str, tmp_path: Path) -> None:
    put_image(root, "app:1.0", [BASE | {"gone": b"x"}, {".wh.gone": b"", "new": b"n"}])
    assert main(["export", "--root", root, "-o", str(tmp_path / "a.tar"), "app:1.0"]) == 0
    with tarfile.open(tmp_path / "a.tar") as archive:
        assert archive.getnames() == ["bin", "bin/sh", "new"]


# Other tools


@pytest.fixture
def podman(tmp_path: Path) -> Generator[Callable[..., str]]:
    if not shutil.which("podman"):
        pytest.skip("podman is not installed")
    with TemporaryDirectory(prefix="run") as run:  # podman takes no longer path than 50 characters
        places = ["--root", f"{tmp_path}/podman", "--runroot", run, "--storage-driver", "vfs"]

        def call(*args: str) -> str:
            environment = os.environ | {"TMPDIR": str(tmp_path)}
            return subprocess.run(
                ["podman", *places, *args], check=True, stdout=subprocess.PIPE, env=environment, text=True
            ).stdout

        yield call
        call("rmi", "--all", "--force")  # its files belong to ids that only podman can remove


def test_podman_and_we_read_each_other(root: str, tmp_path: Path, podman: Callable[..., str]) -> None:
    written = put_image(root, "localhost/app:1.0", [BASE, APP], Cmd=["/bin/sh"])
    put_image(root, "localhost/b:1", [BASE], Cmd=["b"])
    save(root, tmp_path / "two.tar", "localhost/app:1.0", "localhost/b:1")
    podman("load", "-i", f"{tmp_path}/two.tar")
    ids = {name: podman("image", "inspect", "-f", "{{.Id}}", name).strip() for name in names_of(root)}
    assert ids["localhost/app:1.0"] == Digest(written.config).hex
    podman("save", "-m", "-o", f"{tmp_path}/docker.tar", *ids)
    podman("save", "--format", "oci-archive", "-o", f"{tmp_path}/oci.tar", "localhost/app:1.0")
    for name, expected in {"docker": set(ids), "oci": {"localhost/app:1.0"}}.items():
        other = str(tmp_path / name)
        load(other, tmp_path / f"{name}.tar")
        assert set(names_of(other)) == expected
        assert facts(other, "localhost/app:1.0") == facts(root, "localhost/app:1.0")


def facts(root: str, name: str) -> object:
    from builder.images.inspect import inspect_image

    with Store.open(root) as store:
        value = inspect_image(store, name)
        layers = value["RootFS"]
        assert isinstance(layers, dict)
        for diff_id in layers["Layers"]:
            known = store.layers.find(diff_id)
            assert known is None or store.blobs.has(known.digest, known.size)
    return [value[key] for key in ("Config", "RootFS", "Architecture")]


@pytest.mark.parametrize("form", ["docker-archive", "oci-archive"])
def test_skopeo_and_we_read_each_other(form: str, root: str, tmp_path: Path) -> None:
    if not shutil.which("skopeo"):
        pytest.skip("skopeo is not installed")
    put_image(root, "app:1.0", [BASE, APP, BASE], Cmd=["/bin/sh"])
    save(root, tmp_path / "a.tar", "--format", form, "app:1.0")
    tag = "app:1.0" if form == "docker-archive" else "1.0"
    copy = ["skopeo", "copy", "-q", f"{form}:{tmp_path}/a.tar:{tag}", f"{form}:{tmp_path}/b.tar:app:1.0"]
    subprocess.run(copy, check=True)
    other = str(tmp_path / "other")
    load(other, tmp_path / "b.tar")
    assert facts(other, "app:1.0") == facts(root, "app:1.0")


# Hostile archives


def tar_of(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def files_of(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {m.name: archive.extractfile(m).read() for m in archive if m.isreg()}  # type: ignore[union-attr]


@pytest.fixture
def saved(tmp_path: Path) -> bytes:
    root = str(tmp_path / "saved")
    put_image(root, "app:1.0", [BASE, APP])
    return save(root, tmp_path / "saved.tar", "app:1.0")


def refused(data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The error; nothing of the archive is named, and nothing is written outside of the store."""
    (tmp_path / "bad.tar").write_bytes(data)
    before = sorted(os.listdir(tmp_path))
    root = str(tmp_path / "fresh")
    load(root, tmp_path / "bad.tar", code=1)
    assert names_of(root) == {}
    assert sorted({*os.listdir(tmp_path)} - {"fresh"}) == before
    return capsys.readouterr().err


def test_damaged_content(saved: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = files_of(saved)
    layer = json.loads(files["manifest.json"])[0]["Layers"][1]
    wrong = files | {layer: files[layer][:-1] + b"x"}
    assert "not what it should be" in refused(tar_of(wrong), tmp_path, capsys)
    shutil.rmtree(tmp_path / "fresh")
    assert "lacks parts" in refused(tar_of(files | {layer: b"short"}), tmp_path, capsys)
    shutil.rmtree(tmp_path / "fresh")
    document = {name: data.replace(b"amd64", b"ARM64") for name, data in files.items()}
    assert "found" in refused(tar_of(document), tmp_path, capsys)


@pytest.mark.parametrize("keep", [0.05, 0.5, 0.9])
def test_truncated(keep: float, saved: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "bad.tar" in refused(saved[: int(len(saved) * keep)], tmp_path, capsys)
    shutil.rmtree(tmp_path / "fresh")
    packed = zstandard.compress(saved)
    refused(packed[: int(len(packed) * keep)], tmp_path, capsys)


def test_names_and_links_lead_nowhere(saved: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"s" * 100)
    files = {name: data for name, data in files_of(saved).items() if name != "index.json"}
    manifest = json.loads(files["manifest.json"])
    for target in (str(secret), "../secret", "link", "self"):
        manifest[0]["Layers"][0] = target
        buffer = io.BytesIO(tar_of(files | {"manifest.json": json.dumps(manifest).encode()})[:-10240])
        buffer.seek(0, os.SEEK_END)
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for name, link in {"link": str(secret), "self": "self", "../up": "../../../etc/passwd"}.items():
                member = tarfile.TarInfo(name)
                member.type, member.linkname = tarfile.SYMTYPE, link
                archive.addfile(member)
        assert "bad.tar" in refused(buffer.getvalue(), tmp_path, capsys)
        shutil.rmtree(tmp_path / "fresh")


def test_absurd_sizes(saved: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    index = json.loads(files_of(saved)["index.json"])
    for size in (1 << 62, -1, 5 << 20):
        index["manifests"][0]["size"] = size
        refused(tar_of(files_of(saved) | {"index.json": json.dumps(index).encode()}), tmp_path, capsys)
        shutil.rmtree(tmp_path / "fresh")
    huge = bytearray(saved)
    at = next(
        place
        for place in range(0, len(huge), 512)
        if huge[place : place + 12] == b"blobs/sha256" and huge[place + 156] == 48
    )
    huge[at + 124 : at + 136] = b"\x80" + b"\xff" * 11
    huge[at + 148 : at + 156] = b" " * 8
    huge[at + 148 : at + 156] = b"%06o\0 " % sum(huge[at : at + 512])
    assert "bad.tar" in refused(bytes(huge), tmp_path, capsys)


def test_an_index_of_itself_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each level names the one below a thousand times."""
    files: dict[str, bytes] = {}
    index_type = "application/vnd.oci.image.index.v1+json"
    entry = {"mediaType": index_type, "digest": "sha256:" + "0" * 64, "size": 1}
    for _ in range(5):
        data = json.dumps({"schemaVersion": 2, "mediaType": index_type, "manifests": [entry] * 1000}).encode()
        digest = hashlib.sha256(data).hexdigest()
        files[f"blobs/sha256/{digest}"] = data
        entry = {"mediaType": index_type, "digest": f"sha256:{digest}", "size": len(data)}
    files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode()
    assert "lacks parts" in refused(tar_of(files), tmp_path, capsys)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 1 << 16), st.binary(min_size=1, max_size=8)), min_size=1, max_size=4))
def test_damage_anywhere_is_an_error_and_no_bug(saved: bytes, tmp_path: Path, damages: list[tuple[int, bytes]]) -> None:
    data = bytearray(saved)
    for position, new in damages:
        at = position % len(data)
        data[at : at + len(new)] = new
    (tmp_path / "bad.tar").write_bytes(data)
    root = str(tmp_path / "fresh")
    code = main(["load", "-q", "--root", root, "-i", str(tmp_path / "bad.tar")])
    assert code in (0, 1)
    if code:
        return
    with Store.open(root) as store:
        assert check(store) == []


def test_a_root_filesystem_is_no_image(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "pybuild import" in refused(tar_of({"etc/passwd": b"root"}), tmp_path, capsys)
