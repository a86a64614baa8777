"""Bytes that an image carries and nobody sees, or needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from builder.advice.types import Advice
from builder.builds.types import BuildRecord, StepRow
from builder.model.digest import Digest
from builder.model.entry import Entry, Kind
from builder.progress.figures import size_text
from builder.solve.reasons.wording import shown

_LISTS = "var/lib/apt/lists/"
_INSTALL = re.compile(r"\bapt(?:-get)?\b[^&|;]*\s(?:install|upgrade|dist-upgrade|build-dep|satisfy)\b")
_UPDATE = re.compile(r"\bapt(?:-get)?\b[^&|;]*\supdate\b")
_LEAST = 100 << 10
"""Fewer bytes are not worth a change."""

TableOf = Callable[[Digest], Sequence[Entry] | None]
"""The table of contents of a layer; None where it is not here."""


def wasted_in_layers(record: BuildRecord, table_of: TableOf) -> Iterator[Advice]:
    """Along the steps that the images are made of."""
    for chain in _chains(record):
        written: dict[str, tuple[int, StepRow]] = {}
        for row in chain:
            entries = table_of(Digest.parse(row.diff_id)) if row.diff_id else None
            if entries is None:
                continue
            yield from _apt_lists(row, entries, chain)
            yield from _removed(row, entries, written)
            files = (entry for entry in entries if entry.kind is Kind.FILE)
            written.update({e.path: (e.size, row) for e in files if not e.path.startswith(_LISTS)})  # told already


def _chains(record: BuildRecord) -> Iterator[list[StepRow]]:
    """The steps of each target, first to last, with those of the stages that it is built FROM."""
    stages = {str(stage.position): stage for stage in record.stages}
    for target in record.stages:
        chain: list[StepRow] = []
        stage = target if target.is_target else None
        while stage is not None:
            chain[:0] = [row for row in record.steps if row.id.partition(".")[0] == str(stage.position)]
            below = stage.after[0].partition(".")[0] if stage.after else ""
            stage = stages.pop(below, None)
        yield chain


def _apt_lists(row: StepRow, entries: Sequence[Entry], chain: Sequence[StepRow]) -> Iterator[Advice]:
    """Lists that a later step installs from must not go before it has."""
    size = sum(entry.size for entry in entries if entry.path.startswith(_LISTS) and entry.kind is Kind.FILE)
    if size >= _LEAST:
        user = next((later for later in chain[chain.index(row) + 1 :] if _reads_lists(later.text)), None)
        cure = f"End it with `rm -rf /{_LISTS}*`, or give it --mount=type=cache,target=/{_LISTS[:-1]}"
        if user is not None:
            cure = (
                f"{shown(user.text)} (line {user.line}) reads them: make one RUN of both that ends with "
                f"`rm -rf /{_LISTS}*`, or give both --mount=type=cache,target=/{_LISTS[:-1]}"
            )
        text = f"{shown(row.text)} (line {row.line}) leaves apt's lists in its layer. {cure}"
        yield Advice("apt-lists", row.id, row.line, text, size=size)


def _reads_lists(text: str) -> bool:
    """Of a step that has not made them itself."""
    return _INSTALL.search(text) is not None and _UPDATE.search(text) is None


def _removed(row: StepRow, entries: Sequence[Entry], written: dict[str, tuple[int, StepRow]]) -> Iterator[Advice]:
    """What this layer removes, or writes again, and earlier ones carry."""
    gone = [entry.path for entry in entries if entry.kind is Kind.WHITEOUT]
    opaque = [entry.path for entry in entries if entry.kind is Kind.OPAQUE]
    lost: dict[str, tuple[int, StepRow]] = {}
    for path, (size, writer) in written.items():
        if any(path == name or path.startswith(f"{name}/") for name in gone) or _below(path, opaque):
            total, _ = lost.get(writer.id, (0, writer))
            lost[writer.id] = total + size, writer
    for size, writer in lost.values():
        if size >= _LEAST:
            text = (
                f"{shown(row.text)} (line {row.line}) removes {size_text(size)} that {shown(writer.text)} "
                f"(line {writer.line}) wrote: the image carries them all the same. Remove them where they are written, "
                f"or write them in a stage of their own"
            )
            yield Advice("removed-later", row.id, row.line, text, size=size)


def _below(path: str, directories: Sequence[str]) -> bool:
    return any(path.startswith(f"{directory}/") for directory in directories)
