from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import subprocess
import tarfile
import threading
from pathlib import Path

import pytest
import zstandard

from builder.cli.main import main
from builder.errors import BuilderError
from builder.images.import_ import ImportOptions, import_image
from builder.model.platform import Platform
from builder.store.store import Store
from tests.support.layouts import layer_tar
from tests.support.umoci import unpack_with_umoci

OPTIONS = ImportOptions(Platform("linux", "amd64"))


def file_of(data: bytes) -> int:
    """A descriptor on a file without a name; the test's process closes it by ending."""
    fd = os.memfd_create("archive")
    os.write(fd, data)
    return fd


TAR = layer_tar({"bin/": b"", "bin/sh": b"#!" * 400_000})


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress, zstandard.compress])
def test_the_same_files_give_the_same_image(compress: object, store: Store) -> None:
    assert callable(compress)
    first = import_image(store, file_of(TAR), OPTIONS, "base:1")
    again = import_image(store, file_of(compress(TAR)), OPTIONS)
    assert first == again
    assert first.config.created == "1970-01-01T00:00:00Z", "the newest file of the archive"
    assert [entry.path for entry in store.tables.read(first.config.diff_ids[0])] == ["bin", "bin/sh"]


def test_order_and_format_of_the_archive_do_not_count(store: Store) -> None:
    other = io.BytesIO()
    with tarfile.open(fileobj=other, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in (("./bin/sh", b"#!" * 400_000), ("./bin/", b"")):
            member = tarfile.TarInfo(name)
            member.type, member.mode = (tarfile.REGTYPE, 0o644) if content else (tarfile.DIRTYPE, 0o755)
            member.size, member.uname = len(content), "someone"
            archive.addfile(member, io.BytesIO(content))
    assert import_image(store, file_of(TAR), OPTIONS) == import_image(store, file_of(other.getvalue()), OPTIONS)


def test_a_pipe(store: Store) -> None:
    reading, writing = os.pipe()

    def feed() -> None:
        with open(writing, "wb") as pipe:
            pipe.write(TAR)

    thread = threading.Thread(target=feed)
    thread.start()
    assert import_image(store, reading, OPTIONS) == import_image(store, file_of(TAR), OPTIONS)
    thread.join()
    os.close(reading)


@pytest.mark.parametrize("data", [b"", b"junk" * 1000, TAR[:1000], bytes(1024), gzip.compress(TAR)[:500]])
def test_what_is_no_archive_becomes_no_image(data: bytes, store: Store) -> None:
    with pytest.raises(BuilderError):
        import_image(store, file_of(data), OPTIONS, "base:1")
    assert store.refs.items() == ()


def test_the_command_changes_the_config_as_docker_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "r.tar").write_bytes(TAR)
    root = str(tmp_path / "store")
    changes = ['CMD ["sh"]', "ENV A=b", "EXPOSE 80", "USER me", "WORKDIR /w", "LABEL x=y", "VOLUME /v", "ENTRYPOINT e"]
    options = [word for change in changes for word in ("-c", change)]
    command = ["import", "--root", root, *options, "-m", "why", "--platform", "linux/arm64", "--format", "json"]
    assert main([*command, str(tmp_path / "r.tar"), "base"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["name"] == "base:latest"
    inspected = subprocess.run(
        ["skopeo", "inspect", "--config", f"oci:{root}:base:latest"], check=True, capture_output=True
    )
    value = json.loads(inspected.stdout)
    assert (value["architecture"], value["history"][0]["comment"]) == ("arm64", "why")
    config = value["config"]
    assert (config["Cmd"], config["User"], config["WorkingDir"]) == (["sh"], "me", "/w")
    assert (config["Labels"], config["Volumes"], config["ExposedPorts"]) == ({"x": "y"}, {"/v": {}}, {"80/tcp": {}})
    assert "A=b" in config["Env"]


@pytest.mark.parametrize("change", ["RUN x", "COPY a b", "FROM y", "CMD x\nRUN y", "NONSENSE", "ENV"])
def test_changes_that_are_none(change: str, tmp_path: Path) -> None:
    (tmp_path / "r.tar").write_bytes(TAR)
    assert main(["import", "--root", str(tmp_path / "store"), "-c", change, str(tmp_path / "r.tar")]) in (1, 2)


def test_an_imported_image_is_unpacked_by_others(store: Store, tmp_path: Path) -> None:
    import_image(store, file_of(TAR), OPTIONS, "base:1")
    with tarfile.open(fileobj=io.BytesIO(TAR)) as archive:
        names = archive.getnames()
    subprocess.run(["skopeo", "copy", "-q", f"oci:{store.root}:base:1", f"oci:{tmp_path}/copy:x"], check=True)
    unpack_with_umoci(f"{tmp_path}/copy:x", f"{tmp_path}/b")
    assert all((tmp_path / "b/rootfs" / name).exists() for name in names)
