"""What two images differ in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given

from builder.cli.main import main
from builder.images.compare import compare, differences
from builder.model.entry import Entry, Kind
from tests.support.placed import put_image
from tests.support.stacks import Command, State, layers, stack_of

PLAIN = Entry("x", Kind.FILE, 0o755, size=1, mtime=5, digest="0" * 64)


@given(layers, layers, layers)
def test_changes_are_those_of_a_naive_file_system(
    shared: list[list[Command]], one: list[list[Command]], other: list[list[Command]]
) -> None:
    first, second = stack_of(shared + one), stack_of(shared + other)
    changes = compare(first.tables, second.tables, len(shared))
    before, after = first.states[-1], second.states[-1]
    said = {change.path: (change.kind, tuple(item.what for item in change.what)) for change in changes}
    assert said == naive(before, after)
    for change in changes:
        if change.layer is not None:
            assert_layer(change.path, change.layer, second.states, after)
        if change.kind == "removed" and change.layer is None:
            assert change.path not in second.states[len(shared) - 1], "the second image never had it, or lost it"


def naive(before: State, after: State) -> dict[str, tuple[str, tuple[str, ...]]]:
    said: dict[str, tuple[str, tuple[str, ...]]] = dict.fromkeys(after.keys() - before.keys(), ("added", ()))
    said |= dict.fromkeys(before.keys() - after.keys(), ("removed", ()))
    for path in before.keys() & after.keys():
        old, new = before[path], after[path]
        if (old is None) != (new is None):
            said[path] = ("changed", ("type",))
        elif old is not None and new is not None and old != new:
            what = [("content", old.content != new.content), ("mode", old.mode != new.mode)]
            said[path] = ("changed", tuple(name for name, differs in what if differs))
    return said


def assert_layer(path: str, layer: int, states: list[State], after: State) -> None:
    """What the layer made of the path is what it is in the end, and was not so before."""
    missing = object()
    assert states[layer].get(path, missing) == after.get(path, missing)
    if path not in after:
        assert path in states[layer - 1]


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (PLAIN._replace(digest="f" * 64), "content"),
        (PLAIN._replace(mode=0o4755), "mode"),
        (PLAIN._replace(uid=7), "owner"),
        (PLAIN._replace(xattrs=(("user.x", b"1"),)), "attributes"),
        (PLAIN._replace(kind=Kind.FIFO), "type"),
    ],
)
def test_what_changed_is_said(other: Entry, what: str) -> None:
    entry = PLAIN
    assert [item.what for item in differences(entry, other)] == [what]
    assert not differences(entry, entry._replace(mtime=6))
    assert [item.what for item in differences(entry, entry._replace(mtime=6), times=True)] == ["time"]


def test_the_command_groups_by_layer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = str(tmp_path / "store")
    base = {"bin/": b"", "bin/sh": b"#!", "etc/": b"", "etc/conf": b"1", "etc/gone": b"x"}
    put_image(root, "one:1", [base, {"own": b"o"}], Env=["A=1"])
    put_image(root, "two:1", [base, {"etc/": b"", "etc/conf": b"2", "etc/.wh.gone": b""}, {"new\n": b"n"}], Env=["A=2"])
    assert main(["diff", "--root", root, "one:1", "two:1"]) == 0
    text = capsys.readouterr().out
    assert text.splitlines()[0] == "one:1 and two:1 share 1 layers; 1 added, 1 changed, 2 removed"
    assert 'Env: ["A=1"] -> ["A=2"]' in text
    groups = [line for line in text.splitlines() if line and (line[0] != " " or line[:3] in ("  A", "  C", "  D"))][1:]
    assert [line.split("  ")[:2] if line[0] != " " else line for line in groups] == [
        ["two:1, layer 2", groups[0].split("  ")[1]],
        "  C /etc/conf  (content)",
        "  D /etc/gone  1B",
        ["two:1, layer 3", groups[3].split("  ")[1]],
        "  A /new\\n  1B",
        ["only in one:1, layer 2", groups[5].split("  ")[1]],
        "  D /own  1B",
    ]
    assert main(["diff", "--root", root, "--format", "json", "one:1", "two:1"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["shared_layers"] == 1
    assert [(c["path"], c["kind"], c["layer"], c["first_layer"]) for c in value["changes"]] == [
        ("etc/conf", "changed", 1, 0),
        ("etc/gone", "removed", 1, 0),
        ("new\n", "added", 2, None),
        ("own", "removed", None, 1),
    ]
    assert main(["diff", "--root", root, "--flat", "one:1", "one:1"]) == 0
    assert capsys.readouterr().out == ""
