"""Platforms of base images."""

from __future__ import annotations

from collections.abc import Iterable

from builder.errors import BuilderError
from builder.lint.rule import Finding, OfFiles, OfInstructions
from builder.model.platform import Platform
from builder.plan.facts import BaseExpanded, BaseResolved, Fact


class InvalidBaseImagePlatform(OfFiles):
    name = "InvalidBaseImagePlatform"
    description = "A base image is there for the platform that is built"

    def check(self, fact: Fact) -> Iterable[Finding]:
        if not isinstance(fact, BaseResolved):
            return
        if (fact.expected.os, fact.expected.architecture) != (fact.actual.os, fact.actual.architecture):
            yield Finding(f'Image {fact.name} is for platform "{fact.actual}", this build needs "{fact.expected}"')


class RedundantTargetPlatform(OfInstructions):
    name = "RedundantTargetPlatform"
    description = "FROM --platform=$TARGETPLATFORM says what is the case anyway"

    def check(self, fact: Fact) -> Iterable[Finding]:
        if not isinstance(fact, BaseExpanded) or fact.platform_of is None:
            return
        word = fact.word
        if word.used == {"TARGETPLATFORM"} and not word.unset and word.text == fact.platform_of:
            yield Finding(f"FROM --platform={fact.head.platform} can be left out: it is the default")


class FromPlatformFlagConstDisallowed(OfInstructions):
    name = "FromPlatformFlagConstDisallowed"
    description = "FROM --platform takes a variable; a constant stands in the way of other platforms"

    def check(self, fact: Fact) -> Iterable[Finding]:
        """A stage that has the platform in its name means it so."""
        if not isinstance(fact, BaseExpanded) or fact.platform_of is None or fact.word.used or fact.word.unset:
            return
        try:
            platform = Platform.parse(fact.word.text)
        except BuilderError:
            return
        if platform.os not in fact.head.name and platform.architecture not in fact.head.name:
            yield Finding(f'FROM --platform should not be the constant "{fact.word.text}"')
