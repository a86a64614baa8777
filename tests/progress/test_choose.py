from __future__ import annotations

import io
import subprocess
import sys

import pytest

from builder.errors import UsageError
from builder.progress.choose import make_reporter
from builder.progress.plain import PlainReporter
from builder.progress.tty import TtyReporter
from tests.progress.terminal import Terminal


def test_auto_takes_the_terminal_if_it_can_be_drawn_on() -> None:
    assert isinstance(make_reporter("auto", io.StringIO(), {"TERM": "xterm"}), PlainReporter)
    with Terminal() as terminal:
        assert isinstance(make_reporter("auto", terminal.stream, {"TERM": "xterm"}), TtyReporter)
        assert isinstance(make_reporter("auto", terminal.stream, {"TERM": "dumb"}), PlainReporter)
        assert isinstance(make_reporter("auto", terminal.stream, {}), PlainReporter)


@pytest.mark.parametrize(("mode", "code"), [("tty", "no-terminal"), ("fancy", "bad-progress")])
def test_what_cannot_be_is_a_usage_error(mode: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        make_reporter(mode, io.StringIO(), {"TERM": "xterm"})
    assert caught.value.code == code


def test_plain_costs_no_heavy_imports() -> None:
    program = (
        "import sys, io; from builder.progress.choose import make_reporter; "
        "make_reporter('auto', io.StringIO(), {}); print(*sys.modules)"
    )
    command = [sys.executable, "-I", "-c", program]
    modules = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert "builder.progress.plain" in modules
    assert not {"rich", "dataclasses", "inspect", "threading", "tempfile", "logging"} & set(modules)
