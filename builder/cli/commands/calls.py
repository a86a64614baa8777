"""`--call` and `--check`: a question about the Buildfile instead of a build."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from builder.errors import UsageError
from builder.lean import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from builder.calls.answer import Answer
    from builder.pipeline.build import BuildOptions
    from builder.progress.events import Reporter

NAMES = ("build", "check", "lint", "outline", "targets")
_BOOLEANS = {"1": True, "true": True, "0": False, "false": False}


class Call(NamedTuple):
    name: str
    as_json: bool = False
    ignore_status: bool = False

    @classmethod
    def parse(cls, text: str) -> Call:
        """`check`, `check,format=json`, `targets,ignorestatus=true`; buildx's spelling. Raises UsageError."""
        call = cls("build")
        for field in text.split(","):
            name, equals, value = field.partition("=")
            if not equals and field in NAMES:
                call = call._replace(name=field)
            elif name == "format" and value in ("json", "text"):
                call = call._replace(as_json=value == "json")
            elif name == "ignorestatus" and value.lower() in _BOOLEANS:
                call = call._replace(ignore_status=_BOOLEANS[value.lower()])
            else:
                hint = "check, outline, targets or build; after it ,format=json or ,ignorestatus=true"
                raise UsageError("bad-call", f"--call {text}: {field!r} is not known", hint=hint)
        return call


def run_call(call: Call, options: BuildOptions) -> int:
    """Prints the answer; returns its exit code."""
    from builder.wiring.questions import ask

    with _silent() as reporter:
        answer = ask(call.name, options, reporter)
    _print(answer, call.as_json)
    return 0 if call.ignore_status else answer.exit_code


def run_fix(args: argparse.Namespace, options: BuildOptions) -> int:
    """Prints what was rewritten as a unified diff; returns the exit code."""
    from builder.wiring.questions import fix

    if not args.fix:
        raise UsageError("bad-option", "--dry-run goes with --fix")
    with _silent() as reporter:
        answer = fix(options, reporter, write=not args.dry_run)
    _print(answer, args.format == "json")
    return answer.exit_code


@contextmanager
def _silent() -> Iterator[Reporter]:
    from builder.progress.choose import make_reporter

    reporter = make_reporter("quiet", sys.stderr, os.environ)
    try:
        yield reporter
    finally:
        reporter.close()


def _print(answer: Answer, as_json: bool) -> None:
    sys.stdout.write(json.dumps(answer.to_json(), indent=2) + "\n" if as_json else answer.to_text())
