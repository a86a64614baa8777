from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from builder.cli.main import main
from builder.cli.tables import since_text, size_text
from builder.errors import ImageError
from builder.images.remove import remove_images
from builder.model.digest import Digest
from builder.store.store import Store
from tests.support.layouts import Written, write_layout

FILES = {"bin/": b"", "bin/sh": b"#!"}


@pytest.fixture
def root(tmp_path: Path) -> str:
    return str(tmp_path / "store")


def put(root: str, name: str, folder: Path, **run: object) -> Written:
    """An image of the store, written by another tool."""
    with Store.open(root):
        pass
    written = write_layout(str(folder), [FILES, {"own": str(run).encode()}], "latest", **run)
    subprocess.run(["skopeo", "copy", "-q", f"oci:{folder}:latest", f"oci:{root}:{name}"], check=True)
    return written


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_images_lists_names_and_ids(root: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = put(root, "app:1.0", tmp_path / "a", Cmd=["a"])
    put(root, "localhost:5000/team/app:2", tmp_path / "b", Cmd=["b"])
    assert main(["--root", root, "images"]) == 0
    head, first, second = lines(capsys)
    assert head.split() == ["REPOSITORY", "TAG", "IMAGE", "ID", "CREATED", "SIZE"]
    assert first.split()[:3] == ["app", "1.0", Digest(written.config).short]
    assert second.split()[:2] == ["localhost:5000/team/app", "2"]
    assert main(["images", "--root", root, "-q", "--no-trunc", "docker.io/library/app"]) == 0
    assert lines(capsys) == [written.config]
    assert main(["images", "--root", root, "--format", "json", "app:1.0"]) == 0
    (row,) = map(json.loads, lines(capsys))
    assert (row["repository"], row["digest"]) == ("app", written.manifest)


def test_inspect_speaks_docker(root: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = put(root, "app:1.0", tmp_path / "a", Cmd=["a"], Labels={"x": "y"})
    assert main(["inspect", "--root", root, "app:1.0", Digest(written.config).short]) == 0
    one, two = json.loads(capsys.readouterr().out)
    assert one == two
    assert one["Id"] == written.config
    assert one["RepoTags"] == ["app:1.0"]
    assert one["RepoDigests"] == [f"app@{written.manifest}"]
    assert one["Config"] == {"Cmd": ["a"], "Labels": {"x": "y"}}
    assert one["RootFS"]["Layers"] == list(written.diff_ids)
    assert one["Descriptor"]["digest"] == written.manifest


def test_history_is_newest_first(root: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = put(root, "app:1.0", tmp_path / "a", Cmd=["a"])
    assert main(["history", "--root", root, "app:1.0"]) == 0
    head, first, second = lines(capsys)
    assert head.split() == ["IMAGE", "CREATED", "CREATED", "BY", "SIZE", "COMMENT"]
    assert first.startswith(Digest(written.config).short)
    assert "layer 1" in first
    assert second.startswith("<missing>")
    assert main(["history", "--root", root, "--format", "json", "app:1.0"]) == 0
    assert [json.loads(line)["diff_id"] for line in lines(capsys)] == list(reversed(written.diff_ids))


def test_tag_and_rmi(root: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = put(root, "app:1.0", tmp_path / "a", Cmd=["a"])
    other = put(root, "other:1", tmp_path / "b", Cmd=["b"])
    assert main(["tag", "--root", root, Digest(written.config).short, "again"]) == 0
    assert main(["rmi", "--root", root, "app:1.0"]) == 0
    assert lines(capsys) == ["Untagged: app:1.0"]
    with Store.open(root) as store:
        assert store.blobs.has(Digest(written.layers[1]))
    assert main(["rmi", "--root", root, "--format", "json", "again:latest"]) == 0
    removed = json.loads(capsys.readouterr().out)
    assert (removed["untagged"], removed["deleted"]) == (["again:latest"], [written.config])
    assert removed["freed_bytes"] > 0
    with Store.open(root) as store:
        assert not store.blobs.has(Digest(written.layers[1]))
        assert store.blobs.has(Digest(other.layers[0])), "shared with the other image"


def test_rmi_by_id_wants_force_for_several_names(root: str, tmp_path: Path) -> None:
    written = put(root, "app:1.0", tmp_path / "a")
    assert main(["tag", "--root", root, "app:1.0", "two"]) == 0
    with Store.open(root) as store:
        with pytest.raises(ImageError) as caught:
            remove_images(store, [written.config], lambda: ())
        assert caught.value.code == "image-in-use"
        removed = remove_images(store, [written.config[7:15]], lambda: (), force=True)
        assert (removed.untagged, removed.deleted) == (("app:1.0", "two:latest"), (written.config,))
        assert store.refs.items() == ()
        assert store.blobs.all() == []


def test_nothing_is_removed_when_one_name_is_wrong(root: str, tmp_path: Path) -> None:
    put(root, "app:1.0", tmp_path / "a")
    assert main(["rmi", "--root", root, "app:1.0", "nothing"]) == 1
    assert main(["history", "--root", root, "app:1.0"]) == 0
    assert main(["tag", "--root", root, "app:1.0", f"x@{Digest.of(b'')}"]) == 1


def test_sizes_and_times_read_like_docker() -> None:
    assert [size_text(n) for n in (0, 999, 1000, 13_240_000, 999_600)] == ["0B", "999B", "1kB", "13.2MB", "1MB"]
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - 3 * 86400 - 5))
    assert since_text(stamp, now) == "3 days ago"
    assert since_text("1970-01-01T00:00:00Z", 54 * 365 * 86400) == "54 years ago"
    assert since_text("2099-01-01T00:00:00Z", now) == "just now"
    assert since_text("", now) == since_text("soon", now) == "N/A"
