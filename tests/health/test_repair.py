"""A store that a broken disk has hurt: what is found, what is done, and that the next build makes the same image."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Pybuild, write
from tests.support.in_process import InProcess

EPOCH = {"SOURCE_DATE_EPOCH": "1700000000"}
BUILDFILE = """FROM base AS one
COPY a.txt /etc/
COPY a.txt /opaque/
RUN echo made > /made; ln -s made /link; rm -r /etc/a.txt /opaque; mkdir /opaque
FROM scratch
COPY --from=one /made /link /
COPY --link a.txt b.txt /texts/
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, base_tar: Path) -> Pybuild:
    """A store after a build; copy it before you hurt it."""
    folder = tmp_path_factory.mktemp("whole")
    write(folder / "context", {"Buildfile": BUILDFILE, "a.txt": "a" * 3000, "b.txt": "b"})
    pybuild = InProcess(folder / "store", folder / "context")
    pybuild.run("import", str(base_tar), "base")
    pybuild.run("-q", "-t", "app:1", env=EPOCH)
    return pybuild


@pytest.fixture
def hurt(whole: Pybuild, tmp_path: Path) -> Pybuild:
    subprocess.run(["cp", "-a", str(whole.root), str(tmp_path / "store")], check=True)
    return InProcess(tmp_path / "store", whole.cwd)


def image_id(pybuild: Pybuild) -> str:
    return pybuild.run("-q", "-t", "app:1", env=EPOCH).stdout


def repair(pybuild: Pybuild) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = json.loads(
        pybuild.run("store", "check", "--repair", "--format", "json").stdout
    )
    assert found["left"] == []
    assert pybuild.run("store", "check").stdout == "The store is whole.\n"
    return found


def codes(pybuild: Pybuild, code: int = 1) -> set[str]:
    found = json.loads(pybuild.run("store", "check", "--format", "json", code=code).stdout)
    return {finding["code"] for finding in found}


def flip(path: Path, dice: random.Random) -> None:
    data = bytearray(path.read_bytes())
    position = dice.randrange(len(data))
    data[position] ^= 1 << dice.randrange(8)
    overwrite(path, bytes(data))


def overwrite(path: Path, data: bytes) -> None:
    """In place, and looking as old as before: a disk does not tell."""
    status = path.lstat()
    path.chmod(0o600)
    path.write_bytes(data)
    path.chmod(status.st_mode & 0o7777)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def of_store(pybuild: Pybuild) -> list[Path]:
    """Every file that counts: locks and the history of builds do not."""
    files = [
        path for path in pybuild.root.rglob("*") if path.is_file() and not path.is_symlink() and path.stat().st_size
    ]
    return sorted(path for path in files if path.relative_to(pybuild.root).parts[0] not in ("locks", "history"))


@pytest.mark.parametrize("seed", [0, 1, 155])
def test_after_any_damage_and_a_repair_a_build_makes_the_same_image(
    hurt: Pybuild, whole: Pybuild, base_tar: Path, seed: int
) -> None:
    dice = random.Random(seed)
    by_folder: dict[str, list[Path]] = {}
    for path in of_store(hurt):
        by_folder.setdefault(path.relative_to(hurt.root).parts[0], []).append(path)
    for folder in dice.sample(sorted(by_folder), 3):
        path = dice.choice(by_folder[folder])
        kind = dice.choice(["flip", "cut", "remove"])
        if kind == "flip":
            flip(path, dice)
        elif kind == "cut":
            overwrite(path, path.read_bytes()[: path.stat().st_size // 2])
        else:
            path.unlink()
    repair(hurt)
    hurt.run("import", str(base_tar), "base")  # the one thing that no build makes
    assert image_id(hurt) == image_id(whole)
    assert hurt.run("store", "check").stdout == "The store is whole.\n"


def test_a_damaged_layer_is_told_moved_away_and_made_again(hurt: Pybuild, whole: Pybuild) -> None:
    manifest = json.loads((hurt.root / "index.json").read_text())["manifests"]
    app = next(row for row in manifest if row["annotations"]["org.opencontainers.image.ref.name"] == "app:1")
    blob = json.loads((hurt.root / "blobs" / app["digest"].replace(":", "/")).read_text())["layers"][-1]["digest"]
    flip(hurt.root / "blobs" / blob.replace(":", "/"), random.Random(1))
    assert codes(hurt) == {"blob-damaged"}
    told = {row["code"]: row["done"] for row in repair(hurt)["mended"]}
    assert told["blob-damaged"].startswith("moved to damaged/")
    assert told["blob-missing"] == "lost: app:1: build, pull or import again"
    assert hurt.ran("-t", "app:1", env=EPOCH).keys() == {"COPY a.txt b.txt /texts/"}
    assert image_id(hurt) == image_id(whole)
    assert "set aside by a repair" in hurt.run("prune", "-af", "-v").stdout


def test_changed_files_of_snapshots_are_found(hurt: Pybuild) -> None:
    (made,) = (path for path in hurt.root.glob("snapshots/*/fs/made") if path.is_file())
    overwrite(made, b"maDe\n")
    assert codes(hurt) == {"snapshot-changed"}
    made.unlink()
    assert codes(hurt) == {"snapshot-changed"}
    made.write_text("made\n")
    (made.parent / "more").write_text("")
    assert codes(hurt) == {"snapshot-changed"}
    repair(hurt)
    assert not made.exists()


def test_names_come_back_from_the_copy_of_the_index(hurt: Pybuild) -> None:
    before = hurt.run("images", "--format", "json").stdout
    overwrite(hurt.root / "index.json", b'{"schemaVersion": 2, "manif')
    assert codes(hurt) == {"index-damaged"}
    repair(hurt)
    assert hurt.run("images", "--format", "json").stdout == before
    (hurt.root / "index.json").unlink()
    (hurt.root / "index.copy").unlink()
    repair(hurt)
    assert "app" not in hurt.run("images", "-a").stdout


def test_a_store_whose_marker_is_damaged_opens_again(hurt: Pybuild) -> None:
    overwrite(hurt.root / "oci-layout", b"{}")
    assert "store check --repair" in hurt.run("images", code=1).stderr
    assert [row["code"] for row in repair(hurt)["mended"]] == ["layout-damaged"]
    assert "app" in hurt.run("images").stdout


def test_a_damaged_table_is_read_from_its_layer_again(hurt: Pybuild, whole: Pybuild) -> None:
    for table in (hurt.root / "tables").iterdir():
        text = table.read_text().replace('"made"', '"mbde"')
        overwrite(table, text.encode())
    assert "table-differs" in codes(hurt)
    repair(hurt)
    assert image_id(hurt) == image_id(whole)


def test_what_is_not_ours_is_moved_away(hurt: Pybuild) -> None:
    for name in ("core", "tables/README", "blobs/sha256/x", "cachemounts/odd"):
        (hurt.root / name).write_text("?")
    assert codes(hurt) == {"unknown-file"} | ({"mount-damaged"})
    repair(hurt)
    assert len(list((hurt.root / "damaged").iterdir())) >= 3


def test_a_database_that_is_no_database_is_begun_anew(hurt: Pybuild, whole: Pybuild) -> None:
    overwrite(hurt.root / "cache/records/cache.db", b"not a database at all" * 999)
    assert codes(hurt) == {"cache-damaged"}
    assert repair(hurt)["mended"][0]["done"] == "dropped: steps run again"
    shutil.rmtree(hurt.root / "builds")
    assert image_id(hurt) == image_id(whole)


def test_a_snapshot_that_a_container_stands_on_is_told_and_left(hurt: Pybuild) -> None:
    hurt = Pybuild(hurt.root, hurt.cwd)  # in processes of its own
    hurt.run("run", "-d", "--network", "host", "--name", "one", "base", "/bin/sleep", "100")
    try:
        (program,) = (path for path in hurt.root.glob("snapshots/*/fs/bin/ls") if path.is_file())
        flip(program, random.Random(5))
        told = hurt.run("store", "check", "--repair", code=1).stdout
        assert "snapshot-changed" in told
        assert "container one" in told
        assert program.exists()
    finally:
        hurt.run("rm", "-f", "one")
    repair(hurt)
    assert not program.exists()


def test_on_a_terminal_one_line_tells_how_far_it_is(whole: Pybuild) -> None:
    ours, theirs = os.openpty()
    command = [*Pybuild.argv(whole, "store", "check")]
    with subprocess.Popen(
        command, env=Pybuild.environment(whole), stdout=subprocess.PIPE, stderr=theirs, text=True
    ) as process:
        os.close(theirs)
        assert process.communicate()[0] == "The store is whole.\n"
    written = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert "reading blobs: 1 of " in written
    assert "reading layers: 1 of " in written
    assert written.endswith("\r\x1b[K")
