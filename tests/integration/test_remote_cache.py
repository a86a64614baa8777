"""Two machines and a cache between them: what one has built the other does not build again."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Pybuild, write
from tests.support.registry import running_registry

APP = """\
FROM {base} AS build
COPY src /src
RUN cat /src/* > /built
FROM {base}
COPY --from=build /built /app/built
RUN --mount=from=build,source=/src,target=/in cp /in/a /copied
"""


@pytest.fixture(scope="module")
def registry(base_tar: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """It has the base image."""
    folder = tmp_path_factory.mktemp("registry")
    with running_registry(str(folder / "registry")) as address:
        first = Pybuild(folder / "store", folder)
        first.run("import", str(base_tar), f"{address}/base:1")
        first.run("push", f"{address}/base:1")
        yield address


def new_machine(folder: Path, registry: str) -> Pybuild:
    """With the same sources as all others, in a folder of its own."""
    files = {"Buildfile": APP.format(base=f"{registry}/base:1"), "src/a": "1", "src/b": "2"}
    return Pybuild(folder / "store", write(folder / "sources", files))


@pytest.fixture
def machine(registry: str, tmp_path: Path) -> Callable[[str], Pybuild]:
    return lambda name: new_machine(tmp_path / name, registry)


@pytest.fixture(scope="module")
def kept(registry: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache in a folder, from a build of these sources. Copy it."""
    folder = tmp_path_factory.mktemp("kept")
    new_machine(folder, registry).build("--cache-to", f"type=local,dest={folder}/cache,mode=max")
    return folder / "cache"


def blobs(machine: Pybuild) -> set[str]:
    return set(os.listdir(machine.root / "blobs/sha256"))


def specs(kind: str, registry: str, tmp_path: Path) -> tuple[str, str]:
    """What --cache-to and --cache-from are given."""
    if kind == "local":
        return f"type=local,dest={tmp_path}/cache,mode=max", f"type=local,src={tmp_path}/cache"
    name = f"{registry}/cache:{tmp_path.name[:40].lower()}"
    return f"type=registry,ref={name},mode=max", name


@pytest.mark.parametrize("kind", ["registry", "local"])
def test_a_fresh_machine_finds_every_step(
    machine: Callable[[str], Pybuild], registry: str, tmp_path: Path, kind: str
) -> None:
    to, from_ = specs(kind, registry, tmp_path)
    one, two = machine("one"), machine("two")
    assert len(one.ran("--cache-to", to, "-o", "type=cacheonly")) == 4
    assert two.ran("--cache-from", from_, "-o", "type=cacheonly") == {}
    assert not any(os.path.getsize(two.root / "blobs/sha256" / name) > 100_000 for name in blobs(two))  # not the base
    built = two.build("--cache-from", from_, "-t", "app")
    assert (built["cached"], built["steps"]) == (4, 4)
    assert two.files("--cache-from", from_, into=tmp_path / "out").joinpath("app/built").read_text() == "12"


def test_a_changed_file_is_named_and_only_what_depends_on_it_runs(
    machine: Callable[[str], Pybuild], registry: str, tmp_path: Path
) -> None:
    to, from_ = specs("registry", registry, tmp_path)
    from_first = machine("one").build("--cache-to", to, "-t", "app")["build"]
    two = machine("two")
    write(two.cwd, {"src/b": "3"})
    ran = two.ran("--cache-from", from_, "--cache-to", to, "-t", "app")
    assert ran["COPY src /src"] == "COPY src: 1 file changed: src/b (content)"
    assert len(ran) == 4
    told = two.run("explain").stdout
    assert "1 file changed: src/b (content)" in told
    assert f"compared with build {from_first}" in told
    three = machine("three")
    write(three.cwd, {"src/b": "3"})
    assert three.ran("--cache-from", from_, "-t", "app") == {}


def test_the_recipe_of_the_readme(machine: Callable[[str], Pybuild], registry: str) -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text()
    recipe = text.partition("This line is all a CI job needs")[2].partition("```sh\n")[2].partition("```")[0]
    recipe = recipe.replace("localhost:5000/app", f"{registry}/recipe")
    words = shlex.split(recipe.replace("\\\n", " "))
    one, two = machine("one"), machine("two")
    one.run(*words[1:])
    done = two.run(*words[1:])
    assert "4 of 4 steps cached" in done.stderr
    write(two.cwd, {"Buildfile": (two.cwd / "Buildfile").read_text() + "RUN echo more > /more\n"})
    assert "4 of 5 steps cached" in two.run(*words[1:]).stderr


def test_an_image_can_carry_its_cache(machine: Callable[[str], Pybuild], registry: str) -> None:
    one, two = machine("one"), machine("two")
    name = f"{registry}/app:1"
    one.run("build", "--push", "-t", name, "--cache-to", "type=inline")
    ran = two.ran("--cache-from", name, "-t", "app")
    assert list(ran) == ["COPY src /src", "RUN cat /src/* > /built"]  # these are in no layer of the image


def test_an_image_with_its_cache_is_the_same_image_again(machine: Callable[[str], Pybuild]) -> None:
    environment = {"SOURCE_DATE_EPOCH": "1000000000"}
    digests = {
        machine(name).build("--cache-to", "type=inline", "-t", "app", env=environment)["digest"]
        for name in ("one", "two")
    }
    assert len(digests) == 1


def test_only_the_steps_of_the_image_are_given_unless_all_are_asked_for(
    machine: Callable[[str], Pybuild], tmp_path: Path
) -> None:
    one = machine("one")
    one.build("--cache-to", f"type=local,dest={tmp_path}/min", "--cache-to", f"type=local,dest={tmp_path}/max,mode=max")
    assert [len(records(tmp_path / mode)) for mode in ("min", "max")] == [2, 4]


def test_a_folder_that_is_written_again_does_not_grow(machine: Callable[[str], Pybuild], tmp_path: Path) -> None:
    one, to = machine("one"), f"type=local,dest={tmp_path}/cache,mode=max"
    counts = []
    for number in range(3):
        write(one.cwd, {"src/a": f"{number}{number}"})
        one.build("--cache-to", to)
        counts.append(len(os.listdir(tmp_path / "cache/blobs/sha256")))
    assert counts[1:] == counts[:-1]


def test_nothing_is_sent_twice(machine: Callable[[str], Pybuild], tmp_path: Path) -> None:
    one, to = machine("one"), f"type=local,dest={tmp_path}/cache,mode=max"
    one.build("--cache-to", to)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache/blobs/sha256").iterdir()}
    one.build("--cache-to", to)
    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache/blobs/sha256").iterdir()}
    assert sum(after[path] != time for path, time in before.items()) <= 1  # the manifest


def records(folder: Path) -> list[dict[str, Any]]:
    value: list[dict[str, Any]] = document(folder)["records"]
    return value


def document(folder: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(blob_path(folder, manifest(folder)["config"]).read_bytes())
    return value


def manifest(folder: Path) -> dict[str, Any]:
    entry = json.loads((folder / "index.json").read_bytes())["manifests"][0]
    value: dict[str, Any] = json.loads(blob_path(folder, entry).read_bytes())
    return value


def blob_path(folder: Path, descriptor: dict[str, Any]) -> Path:
    return folder / "blobs/sha256" / str(descriptor["digest"]).partition(":")[2]


def replace(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """A cache whose document somebody else has written."""
    value = document(folder)
    change(value)
    inner = manifest(folder)
    inner["config"] |= put(folder, json.dumps(value).encode())
    entry = {"mediaType": inner["mediaType"], **put(folder, json.dumps(inner).encode())}
    names = {"annotations": {"org.opencontainers.image.ref.name": "latest"}}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry | names]}))


def put(folder: Path, data: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(data).hexdigest()
    (folder / "blobs/sha256" / digest).write_bytes(data)
    return {"digest": f"sha256:{digest}", "size": len(data)}


def lie_about_layers(folder: Path) -> None:
    """Every record promises the layer of another one."""

    def change(value: dict[str, Any]) -> None:
        layers = [row["layer"]["blob"] for row in value["records"]]
        for row, other in zip(value["records"], layers[1:] + layers[:1], strict=True):
            row["layer"]["blob"] = other

    replace(folder, change)


def lose_layers(folder: Path) -> None:
    for row in records(folder):
        blob_path(folder, row["layer"]["blob"]).unlink(missing_ok=True)


def damage_layers(folder: Path) -> None:
    for row in records(folder):
        path = blob_path(folder, row["layer"]["blob"])
        path.write_bytes(bytes(path.stat().st_size))


def claim_absurd_sizes(folder: Path) -> None:
    def change(value: dict[str, Any]) -> None:
        for row in value["records"]:
            row["layer"]["blob"]["size"] = 1 << 60

    replace(folder, change)


def forge_keys(folder: Path) -> None:
    """Records that stand under keys which are not those of their parts."""

    def change(value: dict[str, Any]) -> None:
        keys = [row["key"] for row in value["records"]]
        for row, other in zip(value["records"], keys[1:] + keys[:1], strict=True):
            row["key"] = other

    replace(folder, change)


def garble(folder: Path) -> None:
    replace(folder, lambda value: value.update(records=[1, None, {"key": 5}], derived=[], listings={"x": 1}))


def another_version(folder: Path) -> None:
    replace(folder, lambda value: value.update(format=99))


def cut_off(folder: Path) -> None:
    path = blob_path(folder, manifest(folder)["config"])
    path.write_bytes(path.read_bytes()[:100])


def vanish(folder: Path) -> None:
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    "fault",
    [
        lie_about_layers,
        lose_layers,
        damage_layers,
        claim_absurd_sizes,
        forge_keys,
        garble,
        another_version,
        cut_off,
        vanish,
    ],
)
def test_a_cache_at_fault_costs_time_and_nothing_else(
    machine: Callable[[str], Pybuild], kept: Path, tmp_path: Path, fault: Callable[[Path], None]
) -> None:
    shutil.copytree(kept, tmp_path / "cache")
    fault(tmp_path / "cache")
    two = machine("two")
    done = two.run("build", "--cache-from", f"type=local,src={tmp_path}/cache", "-o", f"type=local,dest={tmp_path}/out")
    assert (tmp_path / "out/app/built").read_text() == "12"
    assert (tmp_path / "out/copied").read_text() == "1"
    assert fault in (forge_keys, garble) or "is not used" in done.stderr
    assert two.run("store", "check").stdout == "The store is whole.\n"


CACHED = """\
FROM {base}
RUN --mount=type=cache,id=tools,target=/c,mode=0750,uid=7 echo $(cat /c/n)x > /c/n; chown 5:6 /c/n; cp /c/n /n
RUN --mount=type=cache,id=other,target=/c echo $(cat /c/n 2>/dev/null)y > /c/n; cp /c/n /other; stat -c %a:%u /c > /s
"""


@pytest.mark.parametrize(("mounts", "expected"), [("all", ("xx", "yy")), ("tools", ("xx", "y"))])
def test_cache_mounts_go_along(
    machine: Callable[[str], Pybuild], registry: str, tmp_path: Path, mounts: str, expected: tuple[str, str]
) -> None:
    text = CACHED.format(base=f"{registry}/base:1")
    one, two = machine("one"), machine("two")
    for each in (one, two):
        write(each.cwd, {"Buildfile": text})
    one.build("--cache-to", f"type=local,dest={tmp_path}/cache,mounts={mounts}")
    from_ = ("--cache-from", f"type=local,src={tmp_path}/cache", "--no-cache")
    out = two.files(*from_, into=tmp_path / "out")
    assert tuple((out / name).read_text().strip() for name in ("n", "other")) == expected
    assert (out / "s").read_text() == "755:0\n"


def test_cache_mounts_stay_where_nobody_asks_for_them(machine: Callable[[str], Pybuild], tmp_path: Path) -> None:
    one = machine("one")
    one.build("--cache-to", f"type=local,dest={tmp_path}/cache")
    assert document(tmp_path / "cache")["mounts"] == {}


def test_a_cache_that_cannot_be_written_fails_the_build_unless_that_is_allowed(
    machine: Callable[[str], Pybuild], tmp_path: Path
) -> None:
    one = machine("one")
    (tmp_path / "file").touch()
    to = f"type=local,dest={tmp_path}/file/cache"
    assert "was not written" in one.run("build", "-t", "app", "--cache-to", to, code=1).stderr
    assert "app" in one.run("images").stdout  # the image is there all the same
    assert "was not written" in one.run("build", "-t", "app", "--cache-to", f"{to},ignore-error=true").stderr


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("--cache-from", "type=gha", "type=registry works in every CI"),
        ("--cache-from", "type=floppy,src=x", "there is no type 'floppy'"),
        ("--cache-from", "type=local", "add src=FOLDER"),
        ("--cache-to", "type=registry,mode=max", "add ref=HOST/NAME:TAG"),
        ("--cache-to", "type=local,dest=x,mode=some", "min or max"),
        ("--cache-to", "type=local,dest=x,compression=zstd", "has no key 'compression'"),
        ("--cache-to", "type=inline,mode=max", "has no key 'mode'"),
        ("--cache-to", "type=local,dest=x,dest=y", "each once"),
    ],
)
def test_options_that_cannot_be(pybuild: Pybuild, option: str, text: str, said: str) -> None:
    write(pybuild.cwd, {"Buildfile": "FROM scratch\n"})
    assert said in pybuild.run("build", option, text, code=2).stderr
