"""The results as a table to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tests.differential.real.listed import Listed
from tests.differential.report import Verdict


class Row(NamedTuple):
    entry: Listed
    verdict: Verdict
    files: int | None
    """That BuildKit's image has beside its base's; None where it makes none."""
    volatile: int
    """Of those, with the time in them: only kind, mode and owner are equal."""


def table(rows: Sequence[Row]) -> str:
    agreeing = sum(row.verdict.agrees for row in rows)
    refused = sum(row.verdict.agrees and row.files is None for row in rows)
    lines = [
        "# Real Dockerfiles, pybuild beside BuildKit",
        "",
        "Written by `python -m tests.differential.real --write FILE`. Compared: type, mode, owner, content, link and",
        "extended attributes of every file, the image's config, and its history.",
        "",
        f"{agreeing} of {len(rows)} agree; {refused} of these are refused by both.",
        "",
        "| repository | file | files beside the base | of these with the time in them | result |",
        "|---|---|---|---|---|",
    ]
    lines += [_line(row) for row in rows]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    files = "" if row.files is None else str(row.files)
    return f"| {row.entry.repository} | {row.entry.path} | {files} | {row.volatile or ''} | {_result(row)} |"


def _result(row: Row) -> str:
    verdict = row.verdict
    if not verdict.agrees:
        found = ", ".join(difference.where for difference in verdict.differences[:5])
        return f"differs: {found or verdict.trouble.splitlines()[0]}"
    known = "; ".join(f"but for {where}: {why}" for where, why in row.entry.known.items())
    return "both refuse it" if row.files is None else f"agrees {known}".strip()
