"""RUN: a command line, and heredocs as script or as text for the shell. Its body is never expanded here."""

from __future__ import annotations

import re

from builder.errors import BuildfileError
from builder.plan.expansion import expand_list
from builder.plan.heredocs import file_name
from builder.plan.history import layer_line, run_text
from builder.plan.mounts import read_mounts, stages_of, with_agent
from builder.plan.paths import clean
from builder.plan.process import with_shell
from builder.plan.stage_state import StageState
from builder.plan.surroundings import surround
from builder.plan.types import InlineFile, RunAction
from builder.syntax.instructions import Heredoc, Run

_SCRIPTS = "/dev/pipes/"
_ALONE = re.compile(r"[0-9]*<<-?\s*([^<]+)")


def apply_run(state: StageState, item: Run) -> None:
    mounts = read_mounts(state, item)
    args, scripts = _command(item)
    argv = with_shell(state, args) if item.shell_form else args
    if not argv:
        raise BuildfileError("empty-run", "RUN [] names no program", span=item.span)
    action = RunAction(
        argv=argv,
        env=with_agent(tuple(state.env.items()), mounts),
        cwd=clean(state.directory),
        user=state.config.user,
        scripts=scripts,
        proxies=state.shared.arguments.proxies,
        mounts=mounts,
    )
    action = surround(state, item, action)
    declared = {name: state.env.get(name, value or "") for name, value in state.arguments.items()}
    state.add_step(action, _title(item), item.span, stages_of(mounts))
    state.history.append(layer_line(run_text(argv, declared)))


def _command(item: Run) -> tuple[tuple[str, ...], tuple[InlineFile, ...]]:
    """The words before the shell is put in front. A heredoc alone is a script where it says so by `#!`, and otherwise
    the shell's text; one among other words is put back together for the shell to read itself."""
    if not item.heredocs:
        return item.args, ()
    text = " ".join(item.args)
    if not _is_alone(item, text):
        return ("\n".join([text, *(heredoc.content + heredoc.name for heredoc in item.heredocs)]),), ()
    heredoc = item.heredocs[0]
    if not heredoc.body.startswith("#!"):
        return (heredoc.body,), ()
    name = file_name(heredoc, item.span)
    return (_SCRIPTS + name,), (InlineFile(name, heredoc.body),)


def _is_alone(item: Run, text: str) -> bool:
    match = _ALONE.fullmatch(text)
    name = item.heredocs[0].name
    return match is not None and (match[1] == name or expand_list(match[1], {}, "\\", item.span) == (name,))


def _title(item: Run) -> str:
    text = " ".join(item.args)
    if item.heredocs and _is_alone(item, text):
        return f"RUN {text} ({_summary(item.heredocs[0])})"
    return f"RUN {text}"


def _summary(heredoc: Heredoc) -> str:
    lines = heredoc.content.strip().splitlines() or [""]
    return lines[0] + ("..." if len(lines) > 1 else "")
