"""A comparison in words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from tests.differential.facts import Difference

_ABSENT = "(nothing)"


class Verdict(NamedTuple):
    case: str
    about: str
    differences: tuple[Difference, ...] = ()
    trouble: str = ""
    """Why no comparison was possible, or what went wrong besides."""

    @property
    def agrees(self) -> bool:
        return not self.differences and not self.trouble

    def to_json(self) -> dict[str, object]:
        found = [difference._asdict() for difference in self.differences]
        return {"case": self.case, "agrees": self.agrees, "differences": found, "trouble": self.trouble}


def describe(verdict: Verdict, peer: str) -> str:
    """One line where all is well; else every difference, ours above theirs."""
    if verdict.agrees:
        return f"ok     {verdict.case}"
    text = [f"DIFFER {verdict.case}: {verdict.about}"]
    if verdict.trouble:
        text += ["    " + line for line in verdict.trouble.splitlines()]
    width = max(len("pybuild"), len(peer))
    for difference in verdict.differences:
        text.append(f"    {_printable(difference.where)}")
        text.append(f"        {'pybuild':<{width}}  {_shown(difference.ours)}")
        text.append(f"        {peer:<{width}}  {_shown(difference.theirs)}")
    return "\n".join(text)


def summary(verdicts: Sequence[Verdict], peer: str) -> str:
    bad = [verdict.case for verdict in verdicts if not verdict.agrees]
    text = f"{len(verdicts) - len(bad)} of {len(verdicts)} cases agree with {peer}"
    return f"{text}; not: {', '.join(bad)}" if bad else text


def _shown(value: object) -> str:
    if value is None:
        return _ABSENT
    return _printable(value) if isinstance(value, str) else json.dumps(value)


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
