from __future__ import annotations

import argparse
import io
import json
from pathlib import Path

import pytest

from builder.cli.commands import parse as command
from builder.errors import BuilderError


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(words))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Dockerfile").write_bytes(b'# escape=`\nFROM a\nRUN <<E\nb\xff\nE\nCMD ["c d"]\n')
    (tmp_path / "bad").write_bytes(b"FORM a\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--format", "json", "Dockerfile") == 0
    form = json.loads(capsys.readouterr().out)
    assert form["ok"]
    assert form["directives"] == {"escape": "`"}
    assert form["instructions"][1]["heredocs"] == [
        {"name": "E", "content": "b\ufffd\n", "expand": True, "chomp": False}
    ]


def test_text_of_the_file_that_a_build_would_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    assert capsys.readouterr().out == (
        "        # escape=`\n2       FROM 'a'\n3-5     RUN '<<E' <<E (3 characters)\n6       CMD ['c d']\n"
    )


def test_a_wrong_file_is_an_error(folder: Path) -> None:
    with pytest.raises(BuilderError, match="did you mean FROM") as raised:
        run("--format", "json", "bad")
    assert raised.value.exit_code == 1


def test_batch(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    paths = f"Dockerfile\nbad\nmissing\n-\n\0\n{folder}/Dockerfile\n"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(paths.encode())))
    assert run("--format", "json", "--batch") == 0
    forms = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [form["ok"] for form in forms] == [True, False, False, False, False, True]
    assert forms[1] == {"ok": False, "error": "unknown instruction: FORM (did you mean FROM?)"}
