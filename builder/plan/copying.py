"""COPY and ADD: where from, what, where to, and how entries change on the way."""

from __future__ import annotations

import re

from builder.errors import BuildfileError
from builder.plan.facts import FilesCopied
from builder.plan.heredocs import file_name
from builder.plan.history import layer_line
from builder.plan.origins import find_origin
from builder.plan.paths import destination
from builder.plan.remote import read_sources
from builder.plan.stage_state import StageState
from builder.plan.types import CopyAction, InlineFile, Source, SourceKind
from builder.syntax.instructions import Copy

_CLAUSE = r"[augo]*(?:[-+=][rwxXstugo]*)+"
_SYMBOLIC = re.compile(rf"{_CLAUSE}(?:,{_CLAUSE})*")


def apply_copy(state: StageState, item: Copy) -> None:
    paths = tuple(state.expand(path, item.span) for path in item.sources)
    written_dest = state.expand(item.dest, item.span)
    chown = state.expand(item.chown, item.span)
    written_chmod = state.expand(item.chmod, item.span)
    chmod = _checked_mode(written_chmod, item)
    inline = _inline_files(state, item)
    local, remotes = read_sources(item, paths, state.expand(item.checksum, item.span))
    source = _source(state, item)
    if source.kind is SourceKind.CONTEXT:
        state.tell(FilesCopied(item.is_add, local), item.span)
    action = CopyAction(
        source=source,
        paths=local,
        dest=destination(state.directory, written_dest),
        is_add=item.is_add,
        inline=inline,
        chown=chown,
        chmod=chmod,
        link=item.link and not chmod,
        unpack=item.unpack,
        remotes=remotes,
        parents=item.parents,
        exclude=item.exclude,
    )
    flags = ["--parents"] if item.parents else []
    flags += [f"--{name}={value}" for name, value in (("chown", chown), ("chmod", written_chmod)) if value]
    words = [*flags, *paths, *(f"<<{heredoc.name}" for heredoc in item.heredocs), written_dest]
    name = instruction_name(item)
    origin = [f"--from={item.from_}"] if item.from_ else []
    origin += [f"--exclude={pattern}" for pattern in item.exclude]
    reads = (source.stage,) if source.kind is SourceKind.STAGE else ()
    state.add_step(action, " ".join([name, *origin, *words]), item.span, reads)
    state.history.append(layer_line(" ".join([name, *words])))


def instruction_name(item: Copy) -> str:
    return "ADD" if item.is_add else "COPY"


def _source(state: StageState, item: Copy) -> Source:
    position = state.shared.graph.find(item.from_, item.span) if item.from_ else None
    return find_origin(state, item.from_, position, f"{instruction_name(item)} --from={item.from_}", item.span)


def _inline_files(state: StageState, item: Copy) -> tuple[InlineFile, ...]:
    """Of several heredocs with one name the last content counts, in the first one's place."""
    files: dict[str, str] = {}
    for heredoc in item.heredocs:
        body = state.expand_body(heredoc.body, item.span) if heredoc.expand else heredoc.body
        files[file_name(heredoc, item.span)] = body
    return tuple(InlineFile(name, content) for name, content in files.items())


def _checked_mode(mode: str, item: Copy) -> str:
    """Octal up to 07777, brought to four digits, or symbolic as `chmod(1)` has it. Raises BuildfileError `bad-mode`."""
    if not mode or _SYMBOLIC.fullmatch(mode):
        return mode
    if re.fullmatch(r"[0-7]{1,20}", mode) and int(mode, 8) <= 0o7777:
        return f"{int(mode, 8):04o}"
    raise BuildfileError(
        "bad-mode",
        f"{instruction_name(item)} --chmod={mode} is not a mode",
        hint="octal from 0 to 07777, or symbolic: u=rwX,go=rX",
        span=item.span,
    )
