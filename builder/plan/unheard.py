"""Build arguments that were given and count for nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from builder.plan.similar import nearest
from builder.plan.types import Remark
from builder.syntax.instructions import Arg, Buildfile

_SHORT = 4
"""Names of fewer characters are near to others by chance."""


def unheard_arguments(buildfile: Buildfile, given: Iterable[tuple[str, str]]) -> Iterator[Remark]:
    """A remark for each that no ARG has the name of, if an ARG that got no value is called nearly so, or differs in
    upper and lower case. Others are silently left out, as by BuildKit: many builds are called with the same arguments.
    """
    names = {name for name, _ in given}
    args = [(name, item.span) for item in buildfile.instructions if isinstance(item, Arg) for name, _ in item.pairs]
    declared = {name for name, _ in args}
    spans = {name.upper(): (name, span) for name, span in args if name not in names}
    for name in sorted(names - declared):
        near = nearest(name.upper(), spans) if len(name) >= _SHORT else ""
        if near:
            meant, span = spans[near]
            yield Remark("UnusedBuildArg", f"No ARG is called '{name}' (did you mean {meant}?)", span)
