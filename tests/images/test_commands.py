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
from builder.images.uses import Use
from builder.model.digest import Digest
from builder.model.platform import host_platform
from builder.store.store import Store
from tests.support.layouts import Written, write_layout
from tests.support.placed import put_image, put_index

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
    assert head.split() == ["REPOSITORY", "TAG", "IMAGE", "ID", "CREATED", "SIZE", "SHARED", "UNIQUE"]
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
    assert head.split() == ["IMAGE", "CREATED", "CREATED", "BY", "SIZE", "COMMENT", "LAYER", "STEP"]
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


def images(root: str, capsys: pytest.CaptureFixture[str], *args: str) -> list[dict[str, object]]:
    assert main(["images", "--root", root, "--format", "json", *args]) == 0
    return [json.loads(line) for line in lines(capsys)]


def test_sizes_say_what_is_shared(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    put_image(root, "one:1", [FILES, {"a": b"a"}])
    put_image(root, "two:1", [FILES, {"b": b"b" * 5000}, {"b": b"b" * 5000}])
    put_image(root, "alone:1", [{"c": b"c"}])
    rows = {row["repository"]: row for row in images(root, capsys)}
    shared = rows["one"]["shared_bytes"]
    assert shared == rows["two"]["shared_bytes"] != 0
    assert rows["alone"]["shared_bytes"] == 0
    for row in rows.values():
        assert isinstance(row["size_bytes"], int)
        assert row["unique_bytes"] == row["size_bytes"] - int(str(row["shared_bytes"]))
    assert main(["tag", "--root", root, "alone:1", "again:1"]) == 0
    assert {row["repository"]: row["shared_bytes"] for row in images(root, capsys)}["alone"] == 0


def test_filters_mean_what_docker_means(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    put_image(root, "app:1.0", [FILES], Labels={"team": "web"})
    put_image(root, "app:2.0", [FILES], Labels={"team": "db"})
    put_image(root, "localhost:5000/team/app:1.0", [FILES], Cmd=["x"])
    with Store.open(root) as store:
        gone = store.refs.get("app:2.0")
        assert gone
    put_image(root, "app:2.0", [FILES], Labels={"team": "new"})
    with Store.open(root) as store:
        store.refs.keep(gone)

    def shown(*filters: str) -> list[str]:
        words = [word for text in filters for word in ("--filter", text)]
        return [f"{row['repository']}:{row['tag']}" for row in images(root, capsys, *words)]

    assert shown("reference=app") == ["app:1.0", "app:2.0"]
    assert shown("reference=app:1*") == ["app:1.0"]
    assert shown("reference=*") == ["app:1.0", "app:2.0"], "a star stops at a slash"
    assert shown("reference=*/*/app", "reference=docker.io/library/app:2.0") == [
        "app:2.0",
        "localhost:5000/team/app:1.0",
    ]
    assert shown("label=team") == ["app:1.0", "app:2.0"]
    assert shown("label=team=web", "label=team") == ["app:1.0"]
    assert shown("dangling=true") == ["<none>:<none>"]
    assert shown("dangling=false", "reference=app*:2.0") == ["app:2.0"]
    assert shown("before=app:1.0") == shown("since=app:1.0") == [], "all are of the same second"
    for wrong in ("colour=red", "label", "dangling=perhaps"):
        assert main(["images", "--root", root, "--filter", wrong]) == 2
    assert main(["images", "--root", root, "--filter", "before=nothing"]) == 1


def test_before_and_since(root: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for year in (2020, 2021, 2022):
        tar = tmp_path / "files.tar"
        (tmp_path / "file").write_text(str(year))
        command = ["tar", "-C", str(tmp_path), f"--mtime={year}-01-01", "-cf", str(tar), "file"]
        subprocess.run(command, check=True)
        assert main(["import", "--root", root, str(tar), f"y:{year}"]) == 0
    capsys.readouterr()
    assert [row["tag"] for row in images(root, capsys, "-f", "before=y:2021")] == ["2020"]
    assert [row["tag"] for row in images(root, capsys, "-f", "since=y:2021")] == ["2022"]


def test_platforms_of_an_index(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    written = put_index(root, "many:1", {"linux/arm64": [FILES], "linux/amd64": [FILES, {"x": b"x"}]})
    (row,) = images(root, capsys)
    assert row["id"] == row["digest"]
    rows = row["platforms"]
    assert isinstance(rows, list)
    assert [(item["platform"], item["digest"]) for item in rows] == [(p, w.manifest) for p, w in written.items()]
    assert main(["images", "--root", root, "--tree", "--digests"]) == 0
    assert [line.split()[0] for line in lines(capsys)[1:]] == ["many", "linux/arm64", "linux/amd64"]

    def inspected(*args: str) -> list[dict[str, object]]:
        assert main(["inspect", "--root", root, *args]) == 0
        value: list[dict[str, object]] = json.loads(capsys.readouterr().out)
        return value

    assert [value["Id"] for value in inspected("--platform", "all", "many:1")] == [w.config for w in written.values()]
    (value,) = inspected("many:1")
    assert value["Id"] == written[str(host_platform())].config, "this machine's"
    manifests = value["Manifests"]
    assert isinstance(manifests, list)
    assert [item["ID"] for item in manifests] == [w.manifest for w in written.values()]
    assert main(["history", "--root", root, "-q", "--no-trunc", "--platform", "arm64", "many:1"]) == 0
    assert lines(capsys) == [written["linux/arm64"].layers[0]]
    assert main(["rmi", "--root", root, "many:1"]) == 0
    assert lines(capsys) == ["Untagged: many:1", f"Deleted: {row['id']}"]


def test_what_is_used_goes_by_force_only_and_its_files_stay(root: str) -> None:
    written = put_image(root, "app:1.0", [FILES, {"x": b"x"}])
    with Store.open(root) as store:
        manifest = store.refs.get("app:1.0")
        assert manifest

        def uses() -> tuple[Use]:
            assert manifest
            return (Use(manifest, "container web"),)

        with pytest.raises(ImageError, match="container web") as caught:
            remove_images(store, ["app:1.0"], lambda: (), uses=uses)
        assert caught.value.code == "image-in-use"
        removed = remove_images(store, ["app:1.0"], lambda: (), uses=uses, force=True)
        assert removed.deleted == (written.config,)
        assert all(store.blobs.has(Digest(layer)) for layer in written.layers)
        store.refs.set("app:1.0", manifest)
        store.refs.set("again:1.0", manifest)
        assert remove_images(store, ["again:1.0"], lambda: (), uses=uses).untagged == ("again:1.0",)
        remove_images(store, ["app:1.0"], lambda: ())
        assert store.blobs.all() == []
