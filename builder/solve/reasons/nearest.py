"""The earlier runs of a step: what a person would compare with, across edits of the Buildfile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from builder.lean import NamedTuple
from builder.plan.types import Stage
from builder.solve.types import PastStep

_LIKE = 0.34
"""How much of their words two instructions share that are taken for one before and after an edit."""


class Earlier(NamedTuple):
    """What the history has of a step."""

    candidates: tuple[PastStep, ...] = ()
    """Best first."""
    knows_stage: bool = False


def earlier_runs(stage: Stage, number: int, builds: Iterable[Sequence[PastStep]], *, every: bool = False) -> Earlier:
    """`builds`: newest first. Those older than the nearest run are not looked at, unless `every` run is wanted."""
    found: list[tuple[bool, bool, PastStep]] = []
    knows_stage = False
    for build in builds:
        steps = _same_stage(stage, build)
        knows_stage = knows_stage or bool(steps)
        match = _counterpart(stage, number, steps)
        if match is not None:
            is_here = match.platform == str(stage.platform)
            is_same = match.text == stage.steps[number - 1].text
            found.append((is_here, is_same, match))
            if is_here and is_same and match.is_finished and not every:
                break  # none can be nearer
    ordered = sorted(found, key=lambda item: item[:2], reverse=True)  # stable: newest first among equals
    return Earlier(tuple(match for _, _, match in ordered), knows_stage)


def _same_stage(stage: Stage, build: Sequence[PastStep]) -> list[PastStep]:
    """The steps of the stage that this one was: the one with most of its instructions, or of its name."""
    stages: dict[tuple[str, str], list[PastStep]] = {}
    for step in build:
        stages.setdefault((step.platform, step.stage), []).append(step)
    texts = {step.text for step in stage.steps}

    def likeness(key: tuple[str, str]) -> tuple[bool, int]:
        platform, title = key
        shared = len(texts & {step.text for step in stages[key]})
        return platform == str(stage.platform), 2 * shared + (title == stage.title)

    best = max(stages, key=likeness, default=None)
    return stages[best] if best is not None and likeness(best)[1] else []


def _counterpart(stage: Stage, number: int, old: Sequence[PastStep]) -> PastStep | None:
    index, texts = number - 1, [step.text for step in stage.steps]
    if texts == [step.text for step in old]:
        return old[index]
    matcher = SequenceMatcher(None, [step.text for step in old], texts, autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if k <= index < m:
            if tag == "equal":
                return old[i + index - k]
            return _moved(texts[index], old, matcher) or _edited(texts[k:m], index - k, old[i:j])
    return None


def _moved(text: str, old: Sequence[PastStep], matcher: SequenceMatcher[str]) -> PastStep | None:
    """The same instruction in another place, unless that is the counterpart of another one."""
    taken = {place for block in matcher.get_matching_blocks() for place in range(block.a, block.a + block.size)}
    return next((step for place, step in enumerate(old) if step.text == text and place not in taken), None)


def _edited(new: Sequence[str], index: int, old: Sequence[PastStep]) -> PastStep | None:
    """Of the instructions that stood where `new` stand, the one that became `new[index]`."""
    if len(new) == len(old) and all(_kind(text) == _kind(step.text) for text, step in zip(new, old, strict=True)):
        return old[index]
    free = list(old)
    for place, text in enumerate(new):
        alike = [(_likeness(text, step.text), step) for step in free if _kind(step.text) == _kind(text)]
        best = max(alike, key=lambda item: item[0], default=None)
        is_match = best is not None and best[0] >= _LIKE
        if place == index:
            return best[1] if best is not None and is_match else None
        if best is not None and is_match:
            free.remove(best[1])
    return None


def _kind(text: str) -> str:
    """COPY and ADD take the place of each other."""
    kind = text.partition(" ")[0]
    return "COPY" if kind == "ADD" else kind


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.split()[1:], other.split()[1:], autojunk=False).ratio()
