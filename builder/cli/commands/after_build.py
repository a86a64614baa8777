"""What is said of a build when it is over: `--explain`, `--summary`, and the page of a CI run."""

from __future__ import annotations

import os
import sys

from builder.advice.advise import advise
from builder.builds.markdown import markdown
from builder.builds.reading import find_build
from builder.builds.types import BuildRecord
from builder.errors import OutputError, UsageError
from builder.progress.events import BuildFinished, Event, Reporter
from builder.progress.text import printable
from builder.wiring.store import open_store

CI_VARIABLE = "GITHUB_STEP_SUMMARY"
"""Names the file to which a step of a GitHub workflow, and of what is compatible, appends its summary."""


class Heard:
    """A Reporter that passes everything on and remembers which build it was."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self.build = ""

    def emit(self, event: Event) -> None:
        if isinstance(event, BuildFinished):
            self.build = event.build
        self._reporter.emit(event)

    def close(self) -> None:
        self._reporter.close()


def tell_afterwards(root: str | None, build: str, summary: str | None, *, explain: bool) -> None:
    """`build`: its id. A file that cannot be written now is said, and no more: the build is done."""
    with open_store(root) as store:
        try:
            _, record = find_build(store, build)
        except UsageError:  # the disk was too full to record it
            return
        advice = [f"{item.text} ({item.gain})" if item.gain else item.text for item in advise(store, record)]
    if explain:
        _print_advice(advice)
    _write(record, advice, summary)


def _print_advice(advice: list[str]) -> None:
    if advice:
        print("\nAdvice:", file=sys.stderr)
    for text in advice:
        print(f"  - {printable(text)}", file=sys.stderr)


def check_summary(path: str) -> None:
    """Raises OutputError, before anything is built, where the summary could not be written."""
    try:
        with open(path, "a", encoding="utf-8"):
            pass
    except OSError as error:
        raise OutputError("bad-summary", f"--summary {path} cannot be written: {error.strerror}") from error


def _write(record: BuildRecord, advice: list[str], summary: str | None) -> None:
    """Whoever names the CI's own file means to add to it, too."""
    text, given = markdown(record, advice), os.environ.get(CI_VARIABLE, "")
    for path, mode in ((given, "a"), (summary if summary != given else None, "w")):
        if path:
            try:
                _put(path, text, mode)
            except OSError as error:
                print(f"pybuild: the summary {path} cannot be written: {error.strerror}", file=sys.stderr)


def _put(path: str, text: str, mode: str) -> None:
    with open(path, mode, encoding="utf-8") as file:
        file.write(text)
