"""`pybuild layers` and `pybuild inspect --layers` as text and JSON, and the judgement of --ci."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from builder.cli.main import main
from tests.support.placed import put_image


@pytest.fixture
def root(tmp_path: Path) -> str:
    root = str(tmp_path / "store")
    base = {"bin/": b"", "bin/sh": b"x" * 100, "big": b"b" * 1000}
    put_image(root, "app:1", [base, {"big": b"c" * 1000, "new\x1b[31m": b"n"}, {".wh.big": b""}])
    put_image(root, "lean:1", [base, {"own": b"o" * 10}])
    return root


def test_text_and_json(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["layers"], ["inspect", "--layers"]):
        assert main([*words, "--root", root, "app:1"]) == 0
        text = capsys.readouterr().out
        assert [line.split()[2:7] for line in text.splitlines()[1:4]] == [
            ["1.1kB", "2", "0", "0", "1kB"],
            ["1kB", "1", "1", "0", "1kB"],
            ["0B", "0", "0", "1", "0B"],
        ]
        assert "wasted 2kB of 2.1kB" in text
        assert "one layer would save 2kB" in text
        assert text.splitlines()[-1].split() == ["2kB", "1,", "2,", "3", "/big"]
        assert main([*words, "--root", root, "--format", "json", "app:1"]) == 0
        value = json.loads(capsys.readouterr().out)
        assert [layer["hidden_bytes"] for layer in value["layers"]] == [1000, 1000, 0]
        assert (value["wasted_bytes"], value["hidden_bytes"], value["size_bytes"]) == (2000, 2000, 2101)
        assert value["wastes"] == [
            {"path": "big", "copies": 3, "size_bytes": 2000, "layers": [1, 2, 3], "removed": True}
        ]


def test_files_of_a_layer(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["layers", "--root", root, "--files", "--layer", "2", "app:1"]) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()[1:]] == [
        ["C", "1kB", "/big"],
        ["A", "1B", "/new\\x1b[31m"],
    ]
    assert main(["layers", "--root", root, "--format", "json", "--files", "app:1"]) == 0
    files = json.loads(capsys.readouterr().out)["layers"][2]["files"]
    assert [(file["path"], file["state"]) for file in files] == [("big", "removed")]
    assert main(["layers", "--root", root, "--layer", "4", "app:1"]) == 2


@pytest.mark.parametrize(
    ("image", "options", "statuses"),
    [
        ("lean:1", [], "PASS SKIP PASS"),
        ("app:1", [], "FAIL SKIP FAIL"),
        ("app:1", ["--lowest-efficiency", "0.04", "--highest-user-wasted-percent", "off"], "PASS SKIP SKIP"),
        ("app:1", ["--lowest-efficiency=off", "--highest-user-wasted-percent=off", "--highest-wasted-bytes=1999"],
         "SKIP FAIL SKIP"),
        ("app:1", ["--lowest-efficiency=off", "--highest-user-wasted-percent=off", "--highest-wasted-bytes", "2kB"],
         "SKIP PASS SKIP"),
    ],
)  # fmt: skip
def test_ci(image: str, options: list[str], statuses: str, root: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["layers", "--root", root, "--ci", *options, image])
    *verdicts, result = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in verdicts] == statuses.split()
    assert [line.split(": ")[1] for line in verdicts] == [
        "lowestEfficiency", "highestWastedBytes", "highestUserWastedPercent",
    ]  # fmt: skip
    failed = "FAIL" in statuses
    assert (code, result) == (int(failed), "Result: FAIL" if failed else "Result: PASS")
    assert main(["layers", "--root", root, "--ci", "--format", "json", *options, image]) == code
    assert json.loads(capsys.readouterr().out)["result"] == result.split()[1]


@pytest.mark.parametrize("option", ["--lowest-efficiency=2", "--highest-wasted-bytes=many"])
def test_thresholds_that_are_none(option: str, root: str) -> None:
    assert main(["layers", "--root", root, "--ci", option, "app:1"]) == 2


def test_texts_of_images_do_not_steer_the_terminal(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["layers", "--files"], ["layers"], ["history"], ["images"]):
        assert main([*words, "--root", root, "app:1"]) == 0
        assert "\x1b" not in capsys.readouterr().out
