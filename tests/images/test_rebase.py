"""An image's own layers on another base."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given

from builder.cli.main import main
from builder.images.clash import clashes
from builder.images.merge import merged_config
from builder.layers.tree import Tree
from builder.model.config import ImageConfig, RunConfig
from builder.model.platform import Platform
from tests.support.layouts import Files
from tests.support.placed import put_image
from tests.support.stacks import Command, layers, stack_of

AMD64 = Platform("linux", "amd64")
BASE: Files = {"bin/": b"", "bin/sh": b"1", "etc/": b"", "etc/passwd": b"root", "etc/old": b"x", "lib": b"l1"}
NEXT: Files = {"bin/": b"", "bin/sh": b"2", "etc/": b"", "etc/passwd": b"root", "etc/new": b"n", "lib": b"l2"}


@pytest.fixture
def root(tmp_path: Path) -> str:
    root = str(tmp_path / "store")
    put_image(root, "base:1", [BASE], Env=["PATH=/bin", "V=1"], Cmd=["sh"])
    put_image(root, "base:2", [NEXT], Env=["PATH=/bin:/sbin", "V=2"], Cmd=["sh2"])
    return root


def rebase(root: str, capsys: pytest.CaptureFixture[str], *args: str, code: int = 0) -> dict[str, object]:
    assert main(["rebase", "--root", root, "--format", "json", *args]) == code
    value: dict[str, object] = json.loads(capsys.readouterr().out)
    return value


def inspect(root: str, name: str, capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
    assert main(["inspect", "--root", root, "--format", "json", name]) == 0
    value: dict[str, dict[str, object]] = json.loads(capsys.readouterr().out)
    return value


def test_own_layers_on_the_new_base(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    own: Files = {"app/": b"", "app/x": b"x", "etc/": b"", "etc/conf": b"c"}
    written = put_image(root, "app:1", [BASE, own], Env=["PATH=/app:/bin", "V=1", "A=1"], Cmd=["sh"])
    new = inspect(root, "base:2", capsys)
    value = rebase(root, capsys, "app:1", "--onto", "base:2")
    assert (value["from"], value["own_layers"], value["clashes"]) == ("base:1", 1, [])
    after = inspect(root, "app:1", capsys)
    assert after["RootFS"]["Layers"] == [*new["RootFS"]["Layers"], written.diff_ids[1]]  # type: ignore[misc]
    assert after["Config"] == {"Env": ["PATH=/app:/bin:/sbin", "V=2", "A=1"], "Cmd": ["sh2"]}
    annotations = after["Manifest"]["annotations"]
    assert annotations == {
        "org.opencontainers.image.base.digest": new["Descriptor"]["digest"],
        "org.opencontainers.image.base.name": "base:2",
    }
    assert main(["history", "--root", root, "--format", "json", "app:1"]) == 0
    assert [json.loads(line)["created_by"] for line in capsys.readouterr().out.splitlines()] == ["layer 1", "layer 0"]
    back = rebase(root, capsys, "app:1", "--onto", "base:1", "-t", "app:back")
    assert back["from"] == "base:2", "the annotation says so"
    assert inspect(root, "app:back", capsys)["Config"] == {"Env": ["PATH=/app:/bin", "V=1", "A=1"], "Cmd": ["sh"]}


@pytest.mark.parametrize(
    ("own", "path"),
    [
        ({"bin/": b"", "bin/sh": b"mine"}, "bin/sh"),
        ({"bin/": b"", "bin/.wh.sh": b""}, "bin/sh"),
        ({"bin/": b"", "bin/.wh..wh..opq": b""}, "bin/sh"),
        ({"etc/": b"", "etc/new": b"other"}, "etc/new"),
        ({"etc/": b"", "etc/old": b"edited"}, "etc/old"),
        ({"lib/": b"", "lib/x": b"x"}, "lib"),
        ({"lib/x": b"x"}, "lib"),
    ],
)
def test_clashes_are_refused_unless_forced(
    own: Files, path: str, root: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before: Files = {name: data for name, data in BASE.items() if name != "lib" or "lib" not in path}
    put_image(root, "base:1", [before])
    put_image(root, "app:1", [before, own])
    assert main(["rebase", "--root", root, "app:1", "--onto", "base:2", "--from", "base:1"]) == 1
    assert f"/{path}: " in capsys.readouterr().err
    value = rebase(root, capsys, "app:1", "--onto", "base:2", "--from", "base:1", "-f")
    clashing = value["clashes"]
    assert isinstance(clashing, list)
    assert [clash["path"] for clash in clashing] == [path]


@pytest.mark.parametrize(
    "own",
    [
        {"etc/": b"", "etc/passwd": b"root,app"},  # the same file in both bases
        {"etc/": b"", "etc/.wh.passwd": b""},
        {"etc/": b"", "etc/.wh.old": b""},  # gone in the new base anyway
        {"bin/": b"", "bin/sh": b"2"},  # just what the new base has
        {"srv/": b"", "srv/x": b"x"},
    ],
)
def test_no_clash(own: Files, root: str, capsys: pytest.CaptureFixture[str]) -> None:
    put_image(root, "app:1", [BASE, own])
    assert rebase(root, capsys, "app:1", "--onto", "base:2")["clashes"] == []


@given(layers, layers)
def test_on_its_own_base_nothing_clashes(base: list[list[Command]], own: list[list[Command]]) -> None:
    below = Tree.of(stack_of(base).tables)
    assert clashes(stack_of(base + own).tables[len(base) :], below, below) == []


@given(layers, layers, layers)
def test_without_clashes_both_have_what_they_made(
    old: list[list[Command]], new: list[list[Command]], own: list[list[Command]]
) -> None:
    """Three ways, path by path: what the layers changed is as they made it, all else as the new base has it."""
    whole, base, other = stack_of(old + own), stack_of(old), stack_of(new)
    tables = whole.tables[len(old) :]
    if clashes(tables, Tree.of(base.tables), Tree.of(other.tables)):
        return
    result = {node.entry.path for node in Tree.of([*other.tables, *tables]).walk() if node.entry.path}
    before, made, there = base.states[-1], whole.states[-1], other.states[-1]
    for path in before.keys() | made.keys() | there.keys():
        own_word = made.get(path, "gone") != before.get(path, "gone")
        expected = path in made if own_word else path in there or (path in result and made.get(path, 0) is None)
        assert (path in result) == expected, path


def test_the_old_base_must_be_known(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    put_image(root, "app:1", [{"other": b"o"}, {"own": b"x"}])
    put_image(root, "arm:1", [BASE], "linux/arm64")
    for args, said in {
        ("app:1", "--onto", "base:2"): "no image that app:1 was built on",
        ("app:1", "--onto", "base:2", "--from", "base:1"): "was not built on base:1",
        ("app:1", "--onto", "arm:1"): "arm:1 is for linux/arm64",
    }.items():
        assert main(["rebase", "--root", root, *args]) == 1
        assert said in capsys.readouterr().err


def test_an_earlier_state_is_not_taken_for_the_base(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    put_image(root, "app:before", [BASE, {"own": b"o"}])
    put_image(root, "app:1", [BASE, {"own": b"o"}, {"more": b"m"}])
    assert main(["rebase", "--root", root, "app:1", "--onto", "base:2"]) == 1
    assert "app:before may be an earlier state" in capsys.readouterr().err
    value = rebase(root, capsys, "app:1", "--onto", "base:2", "--from", "base:1")
    assert value["own_layers"] == 2


def test_configurations_are_merged_member_by_member() -> None:
    old = RunConfig(
        user="a", env=("PATH=/bin", "LANG=C", "X=1"), cmd=("sh",), labels=(("l", "1"),), exposed_ports=("80/tcp",)
    )
    new = RunConfig(
        user="b", env=("PATH=/sbin", "LANG=D", "N=1"), cmd=("bash",), labels=(("l", "2"), ("m", "3")),
        exposed_ports=("81/tcp",), volumes=("/v",), stop_signal="SIGINT",
    )  # fmt: skip
    own = old._replace(
        env=("PATH=/app:/bin:/x", "LANG=C.UTF-8", "X=1", "O=1"), entrypoint=("run",), cmd=None,
        labels=(("l", "1"), ("own", "o")), exposed_ports=("80/tcp", "90/tcp"), on_build=("RUN x",),
    )  # fmt: skip
    configs = [ImageConfig(AMD64, run) for run in (own, old, new)]
    assert merged_config(*configs).config == RunConfig(
        user="b", env=("PATH=/app:/sbin:/x", "LANG=C.UTF-8", "N=1", "O=1"), entrypoint=("run",), cmd=None,
        labels=(("l", "2"), ("m", "3"), ("own", "o")), exposed_ports=("81/tcp", "90/tcp"), volumes=("/v",),
        stop_signal="SIGINT", on_build=("RUN x",),
    )  # fmt: skip
