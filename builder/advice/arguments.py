"""ARGs that make steps run again which have nothing to do with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from builder.advice.history import LEAST_S, TIMES, same_step
from builder.advice.types import Advice
from builder.builds.types import BuildRecord, StepOutcome, StepRow
from builder.solve.reasons.notes import read_pairs
from builder.solve.reasons.wording import shown
from builder.solve.types import Parts

_READ_UNSEEN = frozenset(
    {
        "CC", "CFLAGS", "CGO_ENABLED", "CXX", "CXXFLAGS", "DEBIAN_FRONTEND", "GOARCH", "GOOS", "GOPROXY", "HOME",
        "LANG", "LC_ALL", "LDFLAGS", "MAKEFLAGS", "NODE_ENV", "PATH", "RUSTFLAGS", "TZ",
    }
)  # fmt: skip
"""Programs read these of their own accord."""

PartsOf = Callable[[str], Parts | None]
"""The parts of a step's key."""


def arguments_before_their_use(
    record: BuildRecord, builds: Sequence[BuildRecord], parts_of: PartsOf
) -> Iterator[Advice]:
    """One for each ARG of a stage: it can be declared later, as nothing above the steps that it costs uses it."""
    for stage in dict.fromkeys(row.stage for row in record.steps):
        rows = [row for row in record.steps if row.stage == stage]
        runs = {row.id: _runs_for_arguments(row, builds) for row in rows}
        for name in sorted({cause.about for found in runs.values() for run in found for cause in run.causes}):
            yield from _of_one(name, list(_before_its_use(name, rows, parts_of)), runs)


def _of_one(name: str, rows: Sequence[StepRow], runs: dict[str, list[StepRow]]) -> Iterator[Advice]:
    """`rows`: the steps before the first that uses the ARG."""
    lost = {row.id: [run.seconds for run in runs[row.id] if [cause.about for cause in run.causes] == [name]]
            for row in rows}  # fmt: skip
    costly = [row for row in rows if len(lost[row.id]) >= TIMES]
    seconds = sum(sum(lost[row.id]) / len(lost[row.id]) for row in costly)
    if name in _READ_UNSEEN or not costly or seconds < LEAST_S:
        return
    first, last, times = costly[0], costly[-1], max(len(lost[row.id]) for row in costly)
    more, do, where = "", "does", "that step"
    if first is not last:
        more = f" and {len(costly) - 1} more step{'s' * (len(costly) > 2)}"
        do, where = "do", f"line {last.end_line}"
    text = (
        f"ARG {name} changed in {times} builds and made {shown(first.text)} (line {first.line}){more} run again, which "
        f"{do} not mention it. Declare it after {where}, with what makes labels of it, unless programs read it there"
    )
    yield Advice("argument-order", first.id, first.line, text, seconds)


def _runs_for_arguments(row: StepRow, builds: Sequence[BuildRecord]) -> list[StepRow]:
    """Those for which nothing but ARGs were the reason."""
    found = [same_step(build, row) for build in builds] if row.text.startswith("RUN ") else []
    return [
        run
        for run in found
        if run and run.outcome is StepOutcome.RAN and {cause.kind for cause in run.causes} == {"argument"}
    ]


def _before_its_use(name: str, rows: Sequence[StepRow], parts_of: PartsOf) -> Iterator[StepRow]:
    """In a stage, first to last; ends also where it cannot be told."""
    value = next((values[name] for row in rows if name in (values := _variables(parts_of(row.key)))), "")
    for row in rows:
        parts = parts_of(row.key) if row.key else None
        if parts is None or _uses(row, name, value, parts):
            return
        yield row


def _uses(row: StepRow, name: str, value: str, parts: Parts) -> bool:
    """Words are kept expanded, but for those of a RUN."""
    if row.text.startswith("RUN ") and name in f"{parts.get('argv')} {parts.get('scripts')} {parts.get('mounts')}":
        return True
    others = [other for key, other in _variables(parts).items() if key != name]
    words = [] if row.text.startswith("RUN ") else [row.text]
    return bool(value) and any(value in text for text in (*others, *words))


def _variables(parts: Parts | None) -> dict[str, str]:
    return read_pairs(parts.get("env")) if parts else {}
