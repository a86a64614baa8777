"""Arguments, exit codes, and where output goes."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from builder.cli.errors import print_error
from builder.cli.main import COMMANDS, load, main, parser_for
from builder.cli.other_builders import INSTEAD
from builder.errors import BuilderError, Problems, Span
from tests.support.cli import Pybuild, write

COPY = "FROM scratch\nCOPY a /\n"


@pytest.fixture
def pybuild(tmp_path: Path) -> Pybuild:
    return Pybuild(tmp_path / "store", write(tmp_path / "context", {"Buildfile": COPY, "a": "1"}))


def test_without_a_command_it_is_build(pybuild: Pybuild) -> None:
    assert "Built in" in pybuild.run("-t", "app:1.0").stderr
    assert "2 of" not in pybuild.run("-f", "Buildfile", "-t", "app:1.0", ".").stdout
    assert "app" in pybuild.run("images").stdout


def test_help_is_a_word_too(pybuild: Pybuild) -> None:
    assert pybuild.run("help").stdout == pybuild.run("--help").stdout
    assert pybuild.run("help", "tag").stdout == pybuild.run("tag", "--help").stdout != ""


def test_commands_of_two_words(pybuild: Pybuild) -> None:
    assert "store check" in pybuild.run("store").stdout
    assert pybuild.run("store", "--help").stdout == pybuild.run("store").stdout
    assert "usage: pybuild store check" in pybuild.run("help", "store", "check").stdout
    assert pybuild.run("store", "check").stdout == "The store is whole.\n"


def test_stdout_carries_data_only(pybuild: Pybuild) -> None:
    assert pybuild.run("-t", "app").stdout == ""
    image_id = pybuild.run("-q", "-t", "app").stdout
    assert image_id.startswith("sha256:")
    assert image_id.count("\n") == 1
    result = json.loads(pybuild.run("--format", "json", "-t", "app").stdout)
    assert result["image_id"] == image_id.strip()
    assert result["names"] == ["app:latest"]


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("imags",), 2, "did you mean `pybuild images`?"),
        (
            ("build", "--no-such-option"),
            2,
            "error: unrecognized arguments: --no-such-option\nhint: `pybuild",
        ),
        (("build", "--tagg", "x"), 2, "did you mean --tag?"),
        (("build", "--tagg", "x", "."), 2, "error: unrecognized arguments: --tagg\n"),
        (("build", ".", "folder"), 2, "error: unrecognized arguments: folder\n"),
        (("build", "--load", "."), 2, "hint: leave it out: images are named in the store anyway"),
        (("build", "--destination=x"), 2, "hint: say -t NAME --push"),
        (("df", "--foo"), 2, "error: unrecognized arguments: --foo\nhint: `pybuild df --help`"),
        (("tag", "app"), 2, "required: NAME[:TAG]"),
        (("build", "nowhere"), 1, "the context nowhere does not exist"),
        (("build", "-f", "nowhere"), 1, "cannot read nowhere"),
        (("build", "-f", "Builfile"), 1, "did you mean Buildfile?"),
        (("build", "-f", "inner", "folder"), 1, "say -f folder/inner"),
        (("build", "-t", "UPPER"), 1, "lower case"),
        (("build", "-o", "type=floppy"), 2, "floppy"),
        (("build", "--label", "x"), 2, "expected NAME=VALUE"),
        (("build", "--ulimit", "nofle=3"), 2, "--ulimit nofle=3: no such limit"),
        (("build", "-q", "-o", "-"), 2, "standard output"),
        (("build", "--format", "json", "-o", "type=oci,dest=-"), 2, "standard output"),
        (("inspect", "nothing"), 1, "nothing"),
        (("history", "ap:1.0"), 1, "did you mean app:1.0?"),
        (("images", "--filter", "name=app"), 2, "there is no key name"),
        (("registry", "gc", "--root", "nowhere"), 2, "there is no folder nowhere"),
        (("store", "chek"), 2, "did you mean `pybuild store check`?"),
        (("store", "zzz"), 2, "there are: store check"),
    ],
)
def test_faults_have_a_code_and_a_sentence(pybuild: Pybuild, args: tuple[str, ...], code: int, said: str) -> None:
    write(pybuild.cwd, {"folder/inner": COPY})
    if args[0] == "history":
        pybuild.run("-t", "app:1.0")
    done = pybuild.run(*args, code=code)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_examples(name: str) -> None:
    module = load(name)
    text = parser_for(name, module).format_help()
    assert "examples:" in text
    assert f"pybuild {name}" in text or name == "build"
    assert module.HELP[0].isupper()
    assert all(action.help for action in parser_for(name, module)._actions), "every option says what it does"


def test_overview_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert all(f"  {name} " in printed for name in COMMANDS)


def test_a_reader_that_goes_away_is_no_fault(pybuild: Pybuild) -> None:
    pybuild.run("-t", "app")
    command = f"{shlex.join(pybuild.argv('inspect', 'app'))} | head -c 1"
    done = subprocess.run(
        ["bash", "-c", command], cwd=pybuild.cwd, env=pybuild.environment(), capture_output=True, check=True
    )
    assert done.stderr == b""


def test_errors_show_the_line_and_a_caret(capsys: pytest.CaptureFixture[str]) -> None:
    span = Span("Buildfile", 3, 3, column=6, text="COPY \x1b[31mred /")
    one = BuilderError("code", "it is \x1b wrong", hint="do right", span=span)
    print_error(Problems((one, BuilderError("other", "and this"))), sys.stdout)
    assert capsys.readouterr().out == (
        "Buildfile:3: error: it is \ufffd wrong\n"
        "    3 | COPY \ufffd[31mred /\n"
        "      |      ^\n"
        "hint: do right\n"
        "error: and this\n"
    )


@pytest.mark.parametrize(
    ("limit", "said"), [("v 60000", "there is not enough memory"), ("f 100", "a file may not become so large")]
)
def test_what_the_machine_has_no_more_of_is_no_bug(pybuild: Pybuild, limit: str, said: str) -> None:
    (pybuild.cwd / "a").write_bytes(os.urandom(300_000))
    command = f"ulimit -{limit}; exec {shlex.join(pybuild.argv('-t', 'app', '--progress', 'none'))}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=pybuild.cwd, env=pybuild.environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.splitlines()[0]) == (1, f"error: {said}")


def test_options_of_other_builders_are_none_of_ours() -> None:
    ours = parser_for("build", load("build"))._option_string_actions
    assert INSTEAD.keys().isdisjoint(ours)
