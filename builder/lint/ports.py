"""Words of EXPOSE."""

from __future__ import annotations

from collections.abc import Iterable

from builder.lint.rule import Finding, OfInstructions
from builder.plan.facts import Fact, PortWritten
from builder.plan.ports import PROTOCOLS, split_port


class ExposeProtoCasing(OfInstructions):
    name = "ExposeProtoCasing"
    description = "The protocol in EXPOSE is written in lower case"

    def check(self, fact: Fact) -> Iterable[Finding]:
        if isinstance(fact, PortWritten) and _is_sound(fact.word):
            protocol = _protocol(fact.word)
            if protocol != protocol.lower():
                yield Finding(f"The protocol in EXPOSE '{fact.word}' should be lower case")


class ExposeInvalidFormat(OfInstructions):
    name = "ExposeInvalidFormat"
    description = "EXPOSE names ports of the container only, no address and no port of the host"

    def check(self, fact: Fact) -> Iterable[Finding]:
        if isinstance(fact, PortWritten) and _is_sound(fact.word):
            address, host, _ = split_port(fact.word)
            if address or host:
                yield Finding(f"EXPOSE '{fact.word}' should not name an address or a port of the host")


def _protocol(word: str) -> str:
    return split_port(word)[2].partition("/")[2]


def _is_sound(word: str) -> bool:
    """Of other words the planner says what is wrong."""
    return bool(split_port(word)[2].partition("/")[0]) and _protocol(word).lower() in ("", *PROTOCOLS)
