"""What comes to light while a plan is made, for whoever looks over the planner's shoulder (the checks of builder/lint).

The planner says what it found and judges nothing: a fact is told where it is known, before the planner itself may
refuse what it belongs to.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from builder.errors import Span
from builder.model.platform import Platform
from builder.syntax.expand import Expansion
from builder.syntax.instructions import Arg, Buildfile, From, Node


class FileRead(NamedTuple):
    """The file is understood; told once, first, without a place."""

    buildfile: Buildfile


class FileBegun(NamedTuple):
    """The file has a mistake, and so much of it is understood; nothing more is told. Without a place."""

    buildfile: Buildfile
    """Of its instructions only the first `understood` are what they seem."""
    understood: int


class ArgumentsRead(NamedTuple):
    """The global scope is about to be made; told once, without a place."""

    args: tuple[Arg, ...]
    """The lines above the first FROM."""
    predefined: Mapping[str, str]
    """The platform arguments, as the command line may have set them."""
    heads: tuple[From, ...]
    escape: str


class BaseExpanded(NamedTuple):
    """A word of FROM, its image or its platform, with global arguments put in."""

    head: From
    word: Expansion
    names: tuple[str, ...]
    """Everything that FROM may mention."""
    platform_of: str | None = None
    """The word is `--platform`: what TARGETPLATFORM is."""


class BaseResolved(NamedTuple):
    """An image that FROM, COPY or a mount names was found; it has layers."""

    name: str
    expected: Platform
    actual: Platform


class VariablesUnset(NamedTuple):
    """An expanded word reads variables that have no value."""

    names: frozenset[str]
    declared: Collection[str]
    """By ARG."""
    env: Collection[str]
    """Those that have a value."""


class PairsSet(NamedTuple):
    """ENV and LABEL."""

    instruction: str
    names: tuple[str, ...]
    """Expanded."""
    legacy: bool
    """Written without `=`."""


class ArgumentDeclared(NamedTuple):
    name: str


class ArgumentValued(NamedTuple):
    name: str
    value: str
    """Empty where it has none."""
    stage: int
    is_new: bool
    """It has a value or a default of its own, or none at all; otherwise the global argument lends it."""


class WorkdirSet(NamedTuple):
    path: str
    """Expanded."""
    is_first: bool
    """No instruction of this stage, or of a stage that it starts from, was a WORKDIR before."""


class CommandSet(NamedTuple):
    """CMD, ENTRYPOINT, HEALTHCHECK."""

    instruction: str
    span: Span
    stage: int
    by_default_shell: bool
    """The shell form, and no SHELL says which shell."""


class FilesCopied(NamedTuple):
    """COPY and ADD out of the build context."""

    is_add: bool
    paths: tuple[str, ...]
    """Expanded, without remote ones and heredocs."""


class PortWritten(NamedTuple):
    """A word of EXPOSE, expanded."""

    word: str


Fact = (
    FileRead | FileBegun | ArgumentsRead | BaseExpanded | BaseResolved | VariablesUnset | PairsSet | ArgumentDeclared
    | WorkdirSet | ArgumentValued | CommandSet | FilesCopied | PortWritten
)  # fmt: skip


def read_nodes(fact: Fact) -> Sequence[Node]:
    """The nodes of a file that was read, as far as it was: up to and with the one where its first mistake is."""
    match fact:
        case FileRead(buildfile):
            return buildfile.nodes
        case FileBegun(buildfile, understood):
            return buildfile.nodes[: understood + 1]
        case _:
            return ()


class Listener(Protocol):
    def hear(self, fact: Fact, span: Span | None = None, in_trigger: bool = False) -> None:
        """Takes a fact and the place of the instruction it belongs to. A trigger's place is the FROM that sets it
        off."""


class Nobody:
    """The listener of a plan that nobody looks at."""

    def hear(self, fact: Fact, span: Span | None = None, in_trigger: bool = False) -> None:
        pass


NOBODY = Nobody()
