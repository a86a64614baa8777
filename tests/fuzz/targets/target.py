"""What every target has."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, Protocol

Input = dict[str, Any]
"""Plain values. Texts in it are what gets changed, shrunk and grown."""
Answer = dict[str, Any]
"""`ok`, and if that is true what came out."""

REFUSED: Answer = {"ok": False}


class Target(Protocol):
    name: str
    peer: str
    """The program that answers for BuildKit."""

    def make(self, random: Random, material: Sequence[Input]) -> Input:
        """A new input, out of nothing or of one in `material`."""

    def read(self, text: str) -> Input | None:
        """A real file of the corpus as an input; None where the target has no use for it."""

    def texts(self, given: Input) -> dict[str, str]:
        """The parts that may be shrunk and grown, by name."""

    def with_text(self, given: Input, name: str, text: str) -> Input: ...

    def answer(self, given: Input) -> Answer:
        """Ours. Raises nothing that is not a bug."""

    def question(self, given: Input, folder: str) -> str:
        """A line for the peer, which may name files in `folder`."""

    def understood(self, given: Input, reply: Answer) -> Answer:
        """The peer's reply in the form of our answer."""

    def excused(self, given: Input, ours: Answer, theirs: Answer) -> bool:
        """Whether a difference is known and wanted."""
