"""Secrets where everybody can read them."""

from __future__ import annotations

from collections.abc import Iterable

from builder.lint.rule import Finding, OfInstructions
from builder.model.secret_names import sounds_secret
from builder.plan.facts import ArgumentDeclared, Fact, PairsSet


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
            if sounds_secret(name):
                yield Finding(f'{instruction} "{name}" seems to hold a secret, which stays readable in the image')
