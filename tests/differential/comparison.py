"""One case, built and judged."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import NamedTuple

from tests.differential.bases import make_bases
from tests.differential.builders.protocol import Builder, Outcome
from tests.differential.case import Case, make_context
from tests.differential.facts import FAILS, OUTCOME, Difference, Facts, differences, facts_of
from tests.differential.flatten import BadLayerError
from tests.differential.image import Image, read_archive, read_layout
from tests.differential.report import Verdict

_TAIL = 12


class Result(NamedTuple):
    facts: Facts
    times: dict[str, int]
    log: str
    trouble: str = ""
    layers: tuple[dict[str, str], ...] = ()


class Bench:
    """Bases, and a folder in which contexts and archives are made; the archives stay until the case is built again."""

    def __init__(self, folder: str, layouts: Mapping[str, str] | None = None) -> None:
        """`layouts` are bases that exist; without them those of the cases are made."""
        self.folder = folder
        self.layouts = make_bases(os.path.join(folder, "bases")) if layouts is None else layouts
        self._bases: Mapping[str, Image] = {name: read_layout(layout) for name, layout in self.layouts.items()}

    def build(self, case: Case, builder: Builder) -> Result:
        context = make_context(case, os.path.join(self.folder, "contexts", case.name))
        archive = os.path.join(self.folder, builder.name, f"{case.name}.tar")
        os.makedirs(os.path.dirname(archive), exist_ok=True)
        outcome = builder.build(case, context, archive)
        if not outcome.archive:
            trouble = f"{builder.name} crashed\n{_tail(outcome)}" if outcome.crashed else ""
            return Result(FAILS, {}, outcome.log, trouble)
        try:
            image = read_archive(outcome.archive)
        except BadLayerError as error:
            return Result({}, {}, outcome.log, f"{builder.name} wrote an image that cannot be read: {error}")
        return Result(facts_of(image, self._bases), image.times, outcome.log, layers=image.layers)


def judge(case: Case, ours: Result, theirs: Facts, their_log: str = "") -> Verdict:
    """Whether pybuild's result is BuildKit's but for what is known, and whether both are what the case says."""
    trouble = [ours.trouble] if ours.trouble else []
    differing = differences(ours.facts, theirs)
    if any(difference.where == OUTCOME for difference in differing) and OUTCOME not in case.known:
        trouble.append(_why(ours, their_log))
    if bool(case.fails) != (theirs == FAILS):
        trouble.append(f"the case says that it {'fails' if case.fails else 'does not fail'}\n{_last(their_log)}")
    if case.fails and ours.facts == FAILS and not re.search(case.fails, ours.log):
        trouble.append(f"pybuild's complaint does not match {case.fails!r}:\n{_last(ours.log)}")
    gone = case.known.keys() - {difference.where for difference in differing}
    trouble += [f"{where} does not differ any more: take it out of `known`" for where in sorted(gone)]
    unknown = tuple(difference for difference in differing if difference.where not in case.known)
    return Verdict(case.name, case.about, unknown, "\n".join(trouble))


def judge_freely(case: Case, ours: Result, theirs: Facts, their_log: str) -> Verdict:
    """As `judge`, for a peer whose history has other words and which may fail where BuildKit does not."""
    found = differences(_files_and_config(ours.facts), _files_and_config(theirs))
    trouble = [ours.trouble] if ours.trouble else []
    trouble += [_why(ours, their_log)] if any(difference.where == OUTCOME for difference in found) else []
    return Verdict(case.name, case.about, tuple(found), "\n".join(trouble))


def _files_and_config(facts: Facts) -> Facts:
    return {name: fact for name, fact in facts.items() if name not in ("history", "base", "layers")}


def _why(ours: Result, their_log: str) -> str:
    return f"pybuild:\n{_last(ours.log)}" if ours.facts == FAILS else f"the peer:\n{_last(their_log)}"


def time_differences(ours: Result, theirs: Result) -> list[Difference]:
    both = ours.times.keys() & theirs.times.keys()
    return [Difference(p, ours.times[p], theirs.times[p]) for p in sorted(both) if ours.times[p] != theirs.times[p]]


def recorded(case: Case) -> Facts:
    facts: Facts = json.loads(case.expected.read_text())
    return facts


def record(case: Case, facts: Facts) -> None:
    case.expected.write_text(json.dumps(facts, indent=1) + "\n")


def _tail(outcome: Outcome) -> str:
    return _last(outcome.log)


def _last(log: str) -> str:
    return "\n".join(log.strip().splitlines()[-_TAIL:])
