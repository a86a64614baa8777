"""SOURCE_DATE_EPOCH that names what has a time: a context, or a stage whose only purpose is to fetch one thing.

Such a stage is `FROM scratch` with ARG lines and one ADD of one URL or repository. The time is that of the commit, or
what the server says of the file; a folder has none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from builder.errors import BuildfileError, Span
from builder.plan.contexts import SCRATCH
from builder.plan.expansion import expand_word
from builder.plan.remote import read_sources
from builder.plan.types import PlanOptions, RemoteSource
from builder.syntax.instructions import Arg, Buildfile, Copy, From, Instruction

RemoteTime = Callable[[RemoteSource], int | None]
"""Seconds since 1970; None where nobody says."""


def no_time(_: RemoteSource) -> int | None:
    """For plans that are not carried out."""
    return None


class NamedEpoch:
    """What SOURCE_DATE_EPOCH means where it is no number."""

    def __init__(self, buildfile: Buildfile, options: PlanOptions, time: RemoteTime) -> None:
        self._buildfile = buildfile
        self._options = options
        self._time = time
        self.source: RemoteSource | None = None
        """Where the time came from."""

    def __call__(self, name: str, scope: Mapping[str, str], span: Span | None) -> int | None:
        """The time of what has that name, `scope` being the global arguments. None if it has none; BuildfileError
        `bad-epoch` if there is no such thing, or if the stage is no such stage."""
        if name == "context" or any(context.name == name for context in self._options.contexts):
            self.source = dict(self._options.remote_contexts).get("" if name == "context" else name)
        else:
            self.source = self._of_stage(name, scope, span)
        return self._time(self.source) if self.source else None

    def _of_stage(self, name: str, scope: Mapping[str, str], span: Span | None) -> RemoteSource:
        for head, instructions in self._stages():
            if head.name == name.lower():
                return self._only_source(head, instructions, dict(scope))
        raise BuildfileError(
            "bad-epoch",
            f"invalid SOURCE_DATE_EPOCH: {name}",
            hint="a number of seconds, the name of a context, or of a stage that only fetches one thing with ADD",
            span=span,
        )

    def _stages(self) -> list[tuple[From, list[Instruction]]]:
        stages: list[tuple[From, list[Instruction]]] = []
        for item in self._buildfile.instructions:
            if isinstance(item, From):
                stages.append((item, []))
            elif stages:
                stages[-1][1].append(item)
        return stages

    def _only_source(self, head: From, instructions: list[Instruction], env: dict[str, str]) -> RemoteSource:
        env.pop("SOURCE_DATE_EPOCH", None)
        escape = self._buildfile.escape
        if expand_word(head.image, env, escape, head.span).text != SCRATCH:
            raise _unfit(head, "must use FROM scratch")
        given = dict(self._options.build_args)
        found: tuple[RemoteSource, ...] = ()
        for item in instructions:
            if isinstance(item, Arg):
                for name, default in item.pairs:
                    if name in given:
                        env[name] = given[name]
                    elif default is not None:
                        env[name] = expand_word(default, env, escape, item.span).text
            elif isinstance(item, Copy) and item.is_add and not found:
                if item.heredocs or len(item.sources) != 1:
                    raise _unfit(head, "must contain exactly one remote ADD source")
                word = expand_word(item.sources[0], env, escape, item.span).text
                _, found = read_sources(item, [word], expand_word(item.checksum, env, escape, item.span).text)
                if not found:
                    raise _unfit(head, "source must be a single HTTP(S) or Git ADD")
            elif isinstance(item, Copy) and item.is_add:
                raise _unfit(head, "must contain exactly one remote ADD")
            else:
                raise _unfit(head, "does not meet source-only requirements: it has more than ARG and one ADD")
        if not found:
            raise _unfit(head, "must contain exactly one remote ADD")
        return found[0]


def _unfit(head: From, why: str) -> BuildfileError:
    hint = "FROM scratch, ARG lines, and one ADD of one URL or git repository"
    return BuildfileError("bad-epoch", f"SOURCE_DATE_EPOCH stage {why}", hint=hint, span=head.span)
