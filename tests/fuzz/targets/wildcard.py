"""A wildcard of COPY and ADD, and a name: Go's filepath.Match."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random

from builder.context.match import match
from builder.errors import BuilderError
from tests.fuzz.targets.target import REFUSED, Answer, Input
from tests.fuzz.text import changed, strung

_PIECES = [
    "*",
    "**",
    "?",
    "[",
    "]",
    "[a-c]",
    "[^a]",
    "[]a]",
    "[!",
    "-",
    "^",
    "\\",
    "\\*",
    "/",
    ".",
    "a",
    "b",
    "c",
    "ab",
    "\u00e9",
]
_NAMES = ["a", "b", "c", "ab", "/", ".", "*", "[", "]", "\\", "^", "-", "\u00e9", "\n"]


class Wildcard:
    name = "wildcard"
    peer = "bk-match"

    def make(self, random: Random, material: Sequence[Input]) -> Input:
        others = [given["pattern"] for given in random.sample(material, min(4, len(material)))]
        if not others or random.random() < 0.7:
            pattern = strung(random, _PIECES, 10)
        else:
            pattern = changed(random, others[0], _PIECES, others[1:])
        return {"pattern": pattern, "name": strung(random, _NAMES, 8)}

    def read(self, text: str) -> Input | None:
        return None

    def texts(self, given: Input) -> dict[str, str]:
        return dict(given)

    def with_text(self, given: Input, name: str, text: str) -> Input:
        return {**given, name: text}

    def answer(self, given: Input) -> Answer:
        try:
            return {"ok": True, "match": match(given["pattern"], given["name"])}
        except BuilderError:
            return REFUSED

    def question(self, given: Input, folder: str) -> str:
        return json.dumps(given)

    def understood(self, given: Input, reply: Answer) -> Answer:
        return reply if reply["ok"] else REFUSED

    def excused(self, given: Input, ours: Answer, theirs: Answer) -> bool:
        """COPY hashes its sources with path.Match, which reads a pattern to its end also where it fits nothing."""
        return theirs == {"ok": True, "match": False} and not ours["ok"]
