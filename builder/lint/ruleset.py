"""All rules, and a fresh set of them for each reading of a file."""

from __future__ import annotations

from collections.abc import Callable

from builder.context.ignore import IgnoreRules
from builder.lint.casing import ConsistentInstructionCasing, FromAsCasing, StageNameCasing
from builder.lint.descriptions import InvalidDefinitionDescription
from builder.lint.paths import CopyIgnoredFile, WorkdirRelativePath
from builder.lint.platforms import FromPlatformFlagConstDisallowed, InvalidBaseImagePlatform, RedundantTargetPlatform
from builder.lint.ports import ExposeInvalidFormat, ExposeProtoCasing
from builder.lint.rule import Rule
from builder.lint.secrets import SecretsUsedInArgOrEnv
from builder.lint.stages import DuplicateStageName, ReservedStageName
from builder.lint.style import (
    JSONArgsRecommended,
    LegacyKeyValueFormat,
    MaintainerDeprecated,
    MultipleInstructionsDisallowed,
    NoEmptyContinuation,
)
from builder.lint.variables import InvalidDefaultArgInFrom, UndefinedArgInFrom, UndefinedVar

_RULES: tuple[Callable[[], Rule], ...] = (
    NoEmptyContinuation,
    MaintainerDeprecated,
    StageNameCasing,
    FromAsCasing,
    InvalidDefinitionDescription,
    ReservedStageName,
    DuplicateStageName,
    ConsistentInstructionCasing,
    InvalidDefaultArgInFrom,
    UndefinedArgInFrom,
    RedundantTargetPlatform,
    FromPlatformFlagConstDisallowed,
    InvalidBaseImagePlatform,
    UndefinedVar,
    LegacyKeyValueFormat,
    SecretsUsedInArgOrEnv,
    WorkdirRelativePath,
    MultipleInstructionsDisallowed,
    JSONArgsRecommended,
    ExposeProtoCasing,
    ExposeInvalidFormat,
)


def make_rules(ignored: IgnoreRules | None = None) -> list[Rule]:
    """`ignored`: the lines of the context's ignore file."""
    return [*(make() for make in _RULES), CopyIgnoredFile(ignored)]


def describe(name: str) -> str:
    """What the rule `name` is about."""
    return next(rule.description for rule in make_rules() if rule.name == name)
