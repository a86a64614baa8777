"""Secrets where everybody can read them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from builder.lint.rule import Finding, OfInstructions
from builder.plan.facts import ArgumentDeclared, Fact, PairsSet

_TELLING = "apikey|auth|credential|credentials|key|password|pword|passwd|secret|token"
_HARMLESS = "public|file|version"


class SecretsUsedInArgOrEnv(OfInstructions):
    name = "SecretsUsedInArgOrEnv"
    description = "Secrets are given by RUN --mount=type=secret; ARG and ENV stay in the image"

    def check(self, fact: Fact) -> Iterable[Finding]:
        if isinstance(fact, PairsSet) and fact.instruction == "ENV":
            names, instruction = fact.names, "ENV"
        elif isinstance(fact, ArgumentDeclared):
            names, instruction = (fact.name,), "ARG"
        else:
            return
        for name in names:
            if _has_word(_TELLING, name) and not _has_word(_HARMLESS, name):
                yield Finding(f'{instruction} "{name}" seems to hold a secret, which stays readable in the image')


def _has_word(words: str, name: str) -> bool:
    """Whether one of the words stands between underscores or ends of the name, in any case."""
    return re.search(rf"(?:_|^)(?:{words})(?:_|\Z)", name, re.IGNORECASE) is not None
