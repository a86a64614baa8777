"""`--call` and `--check`: a question about the Buildfile instead of a build."""

from __future__ import annotations

import json
import os
import sys
from typing import NamedTuple

from builder.errors import UsageError
from builder.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from builder.pipeline import BuildOptions

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
    from builder.progress.choose import make_reporter
    from builder.wiring import ask

    reporter = make_reporter("quiet", sys.stderr, os.environ)
    try:
        answer = ask(call.name, options, reporter)
    finally:
        reporter.close()
    sys.stdout.write(json.dumps(answer.to_json(), indent=2) + "\n" if call.as_json else answer.to_text())
    return 0 if call.ignore_status else answer.exit_code
