"""Files of the context that no step uses."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

from builder.advice.types import Advice
from builder.builds.types import BuildRecord, Outcome, StepRow
from builder.context.ignore import IgnoreRules, find_ignore_file, read_ignore_file
from builder.progress.figures import size_text
from builder.progress.text import printable
from builder.solve.types import Parts

_MOST = 100_000
"""So many files are looked at."""
_LEAST_FILES = 100
_LEAST_BYTES = 1 << 20


def unused_files(
    record: BuildRecord,
    builds: Iterable[BuildRecord],
    parts_of: Callable[[str], Parts | None],
    files_of: Callable[[str], Iterable[str] | None],
) -> Iterator[Advice]:
    """`builds`: of the same Buildfile, as other targets use other files. `files_of`: the paths in a listing, by digest.
    Says nothing where a step was not reached, or a listing is not known any more."""
    if record.outcome is not Outcome.BUILT or not os.path.isdir(record.context):
        return
    used: set[str] = {os.path.relpath(record.file, record.context)}
    for row in _once(record, builds):
        parts = parts_of(row.key)
        for digest in _listings(row.text, parts or {}):
            files = files_of(digest)
            if files is None:
                return
            used.update(files)
    found: dict[str, tuple[int, int]] = {}
    for path, size in _files(record.context, _rules(record)):
        if path not in used:
            top = path.partition("/")[0] + ("/" if "/" in path else "")
            count, total = found.get(top, (0, 0))
            found[top] = count + 1, total + size
    for top, (count, total) in sorted(found.items(), key=lambda item: -item[1][1]):
        if count >= _LEAST_FILES or total >= _LEAST_BYTES:
            what = f"{count} files, {size_text(total)}" if count > 1 else size_text(total)
            text = f"no step uses {printable(top)} ({what}): a line `{printable(top)}` in .dockerignore drops it"
            yield Advice("unused-files", "", 0, text, size=total)


def _once(record: BuildRecord, builds: Iterable[BuildRecord]) -> list[StepRow]:
    """All steps of `record`, and those of stages that only other builds had."""
    stages = {row.stage for row in record.steps}
    rows = list(record.steps)
    for build in builds:
        if build.outcome is Outcome.BUILT:
            rows += [row for row in build.steps if row.stage not in stages]
            stages.update(row.stage for row in build.steps)
    return rows


def _listings(text: str, parts: Parts) -> Iterator[str]:
    """Of what a step reads from the context, or may."""
    for name, value in parts.items():
        if isinstance(value, str) and (name.startswith("mount:") or (name == "files" and "--from=" not in text)):
            yield value.partition(" ")[0]


def _rules(record: BuildRecord) -> IgnoreRules | None:
    path = find_ignore_file(record.context, record.file)
    return IgnoreRules.parse(read_ignore_file(path), path) if path else None


def _files(root: str, rules: IgnoreRules | None) -> Iterator[tuple[str, int]]:
    """What the ignore file leaves, with sizes."""
    seen = 0
    for folder, directories, names in os.walk(root):
        prefix = os.path.relpath(folder, root)
        above = "" if prefix == "." else f"{prefix}/"
        directories[:] = [name for name in directories if name != ".git" and not _is_skipped(above + name, rules)]
        for name in names:
            path = above + name
            seen += 1
            if seen > _MOST:
                return
            if name.endswith(".dockerignore") or (rules is not None and rules.excluded(path)):
                continue
            try:
                yield path, os.lstat(f"{root}/{path}").st_size
            except OSError:
                continue


def _is_skipped(path: str, rules: IgnoreRules | None) -> bool:
    return rules is not None and rules.excluded(path) and rules.prunes(path)
