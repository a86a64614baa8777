"""`pybuild df` and `pybuild prune`, through the command."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest

from builder.cache.local import LocalCache
from builder.containers.records import folder_of
from builder.disk.containers import Containers
from builder.store.store import Store
from tests.support.cli import Pybuild, write
from tests.support.in_process import InProcess

LEFT = {"index.json", "index.copy", "oci-layout", "cache/records/cache.db", "cache/policy", "cache/sizes.json"}


@pytest.fixture
def pybuild(tmp_path: Path) -> Pybuild:
    (tmp_path / "context").mkdir()
    return InProcess(tmp_path / "store", tmp_path / "context")


def build(pybuild: Pybuild, word: str, *args: str) -> None:
    """Two steps: the second is the same in every build."""
    write(pybuild.cwd, {"Buildfile": "FROM scratch\nCOPY same /\nCOPY word /\n", "same": "same", "word": word})
    pybuild.run("-q", *args)


def df(pybuild: Pybuild) -> dict[str, dict[str, Any]]:
    lines = pybuild.run("df", "--format", "json").stdout.splitlines()
    return {row["type"]: row for row in map(json.loads, lines)}


def prune(pybuild: Pybuild, *args: str) -> dict[str, list[str]]:
    """The names of what went, by kind."""
    found: dict[str, list[str]] = {}
    for item in json.loads(pybuild.run("prune", "--force", "--format", "json", *args).stdout)["items"]:
        found.setdefault(item["kind"], []).append(item["name"])
    return found


def blobs(pybuild: Pybuild) -> list[str]:
    return sorted(os.listdir(pybuild.root / "blobs" / "sha256"))


def age(pybuild: Pybuild, hours: float) -> None:
    """Makes everything in the store look as if it had last been used so long ago."""
    past = time.time() - 3600 * hours
    for folder, folders, files in os.walk(pybuild.root):
        for name in (*folders, *files):
            os.utime(f"{folder}/{name}", (past, past), follow_symlinks=False)


def test_nothing_unused_survives_a_full_prune(pybuild: Pybuild) -> None:
    build(pybuild, "one", "-t", "app:1")
    build(pybuild, "two")
    rows = df(pybuild)
    assert (rows["Images"]["total"], rows["Build cache"]["total"]) == (2, 3)
    assert rows["Total"]["reclaimable"] == rows["Total"]["size"] > 0
    prune(pybuild, "--all", "--volumes")
    files = {str(path.relative_to(pybuild.root)) for path in pybuild.root.rglob("*") if path.is_file()}
    assert {name for name in files if not name.startswith(("locks/", "history/"))} <= LEFT
    prune(pybuild, "--filter", "type=history")
    assert set(df(pybuild)["Total"].values()) == {"Total", 0}
    assert pybuild.run("store", "check").returncode == 0


def test_bytes_are_counted_once(pybuild: Pybuild) -> None:
    build(pybuild, "one", "-t", "app:1")
    build(pybuild, "two", "-t", "app:2")
    rows = df(pybuild)
    on_disk = sum((pybuild.root / "blobs" / "sha256" / name).stat().st_size for name in blobs(pybuild))
    assert rows["Images"]["size"] + rows["Build cache"]["size"] == on_disk


def test_a_plain_prune_takes_what_no_image_is_made_of(pybuild: Pybuild) -> None:
    build(pybuild, "old", "-t", "app:1")
    build(pybuild, "new", "-t", "app:1")
    kept = pybuild.run("inspect", "app:1").stdout
    assert prune(pybuild)["cache"].count("COPY word /") == 1
    assert pybuild.run("inspect", "app:1").stdout == kept
    assert pybuild.ran() == {}, "what the image is made of is still a hit"
    build(pybuild, "old")
    assert prune(pybuild)["images"] == ["<none>"]


def test_a_dry_run_foresees_and_changes_nothing(pybuild: Pybuild) -> None:
    build(pybuild, "one", "-t", "app:1")
    before = blobs(pybuild)
    foreseen = prune(pybuild, "--all", "--dry-run")
    assert blobs(pybuild) == before
    assert prune(pybuild, "--all") == foreseen


@pytest.mark.parametrize(("answer", "goes"), [(b"y\n", True), (b"n\n", False), (b"", False)])
def test_it_asks_first(pybuild: Pybuild, answer: bytes, goes: bool) -> None:
    build(pybuild, "one", "-t", "app:1")
    asked = pybuild.run("prune", "-a", stdin=answer, code=0 if goes else 1).stderr
    assert "all images without at least one container" in asked
    assert asked.count("[y/N]") == 1
    assert (blobs(pybuild) == []) is goes


def test_only_what_was_not_used_for_a_time(pybuild: Pybuild) -> None:
    build(pybuild, "old")
    age(pybuild, 48)
    build(pybuild, "new")
    gone = prune(pybuild, "--all", "--filter", "until=24h", "--filter", "type=cache", "--filter", "type=snapshots")
    assert gone["cache"] == ["COPY word /"], "the step that both builds share was used just now"
    assert re.fullmatch(r"[0-9-]{10}T[0-9:]{8}Z", noted(pybuild)[0].at)


def noted(pybuild: Pybuild) -> list[Any]:
    """What is noted of the records that the last build would miss."""
    with Store.open(str(pybuild.root)) as store:
        cache = LocalCache(store)
        nothing: list[str] = []
        rows = cache._with_database(lambda database: database.keys(), nothing)
        keys = [key[7:] for key in rows if key[:7] == "pruned:"]
        found = [cache.pruned(key) for key in keys]
        cache.close()
    return found


def test_a_rebuild_without_changes_is_a_use(pybuild: Pybuild) -> None:
    build(pybuild, "one", "-t", "app:1")
    pybuild.run("rmi", "app:1")
    age(pybuild, 48)
    assert pybuild.ran("-t", "app:1") == {}
    pybuild.run("rmi", "app:1")
    assert prune(pybuild, "--all", "--filter", "until=24h", "--filter", "type=cache") == {}


def test_the_cache_is_kept_to_a_size(pybuild: Pybuild) -> None:
    for _ in range(3):
        build(pybuild, os.urandom(100_000).hex())
    prune(pybuild, "--filter", "type=images")
    gone = prune(pybuild, "--keep-storage", "250k")
    assert set(gone) <= {"cache", "snapshots", "plans", "contexts"}
    rows = df(pybuild)
    assert rows["Total"]["reclaimable"] - rows["Build history"]["size"] <= 250 << 10
    assert pybuild.ran() == {}, "what was used last stays"


def test_containers_hold_images_and_volumes_until_they_are_stopped_and_pruned(pybuild: Pybuild, base_tar: Path) -> None:
    pybuild.run("import", str(base_tar), "base")
    write(pybuild.cwd, {"Buildfile": "FROM base\nVOLUME /data\n"})
    pybuild.run("-q", "-t", "app:1")
    run = ("run", "--network", "host", "-v", "named:/named")
    pybuild = Pybuild(pybuild.root, pybuild.cwd)  # in processes of its own
    pybuild.run(*run, "-d", "--name", "long", "app:1", "/bin/sleep", "100")
    pybuild.run(*run, "--name", "short", "app:1", "/bin/ls")
    assert prune(pybuild, "-a", "--filter", "type=volumes", "--dry-run") == {}
    gone = prune(pybuild, "-a", "--volumes")
    assert gone["containers"] == ["short"]
    assert gone["images"] == ["base:latest"]
    assert len(gone["volumes"]) == 1, "not the one that somebody named, nor that of the container that runs"
    assert "long" in pybuild.run("ps").stdout
    pybuild.run("rm", "-f", "long")
    assert prune(pybuild, "-a", "--volumes").get("images") == ["app:1"]
    assert set(prune(pybuild, "-a", "--filter", "type=volumes")) == {"volumes"}
    assert os.listdir(pybuild.root / "volumes") == []


@pytest.mark.parametrize(
    "args", [("--filter", "until=soon"), ("--filter", "type=cats"), ("--filter", "label=x"), ("--keep-storage", "big")]
)
def test_what_is_not_understood_is_refused(pybuild: Pybuild, args: tuple[str, str]) -> None:
    assert pybuild.run("prune", "-f", *args, code=2).stderr.startswith("error: ")


def test_a_pruned_record_misses_though_an_image_still_has_its_layer(pybuild: Pybuild) -> None:
    build(pybuild, "one", "-t", "app:1")
    prune(pybuild, "--all", "--filter", "type=cache")
    (reason,) = set(pybuild.ran("-t", "app:1").values())
    assert re.fullmatch(r"record pruned on [0-9-]{10} \(pybuild prune\)", reason)


def test_kinds_have_buildx_names_too(pybuild: Pybuild) -> None:
    build(pybuild, "one")
    assert set(prune(pybuild, "-a", "--filter", "type=regular")) == {"cache"}


def test_a_table_for_people(pybuild: Pybuild) -> None:
    build(pybuild, "one", "-t", "app:1")
    text = pybuild.run("df", "-v").stdout
    assert re.search(r"^Images +1 +0 +\S+ +\S+ +\S+ \(100%\)$", text, re.MULTILINE)
    assert re.search(r"^[0-9a-f]{12} .* COPY word /$", text, re.MULTILINE)


def test_the_policy_is_kept_at_the_end_of_builds(pybuild: Pybuild, tmp_path: Path) -> None:
    settings = tmp_path / "config.toml"
    settings.write_text('[storage]\nkeep-storage = "1"\nkeep-age = "30d"\n')
    environment = {"PYBUILD_CONFIG": str(settings)}
    for word in ("one", "two"):
        write(pybuild.cwd, {"Buildfile": "FROM scratch\nCOPY word /\n", "word": word})
        pybuild.run("-q", "-t", "app:1", env=environment)
    assert df(pybuild)["Build cache"]["total"] == 1, "what the last build used stays, the rest is gone"
    assert pybuild.ran() == {}
    settings.write_text("[storage]\nkeep-storage = []\n")
    write(pybuild.cwd, {"word": "three"})
    assert "keep-storage: expected a size" in pybuild.run("-t", "app:1", env=environment).stderr


def test_a_container_that_a_running_command_has_just_made_stays(pybuild: Pybuild) -> None:
    build(pybuild, "one", "-t", "app:1")
    identifier = pybuild.run("create", "app:1", "/word").stdout.strip()
    store = Store.open(str(pybuild.root))
    try:
        made = os.stat(folder_of(store, identifier)).st_mtime_ns
        by_horizon = {horizon: Containers(store, horizon, ()).items()[0].in_use for horizon in (made, made + 1)}
        assert by_horizon == {made: "a running command", made + 1: ""}
    finally:
        store.close()
