"""WORKDIR, USER, SHELL: what the processes of a build and of the image's containers start with."""

from __future__ import annotations

from builder.plan.facts import WorkdirSet
from builder.plan.history import config_line, plain_list, workdir_line
from builder.plan.paths import clean, joined
from builder.plan.stage_state import StageState
from builder.plan.types import WorkdirAction
from builder.syntax.instructions import Shell, User, Workdir

_DEFAULT_SHELL = ("/bin/sh", "-c")


def apply_workdir(state: StageState, item: Workdir) -> None:
    """The config keeps an absolute path as it is written; the directory that is made has it cleaned."""
    written = state.expand(item.path, item.span)
    state.tell(WorkdirSet(written, not state.has_workdir), item.span)
    state.has_workdir = True
    path = joined(state.config.working_dir, written)
    state.config = state.config._replace(working_dir=path)
    directory = clean(path)
    if directory != "/":
        state.add_step(WorkdirAction(directory, state.config.user), f"WORKDIR {path}", item.span)
    state.history.append(workdir_line(path, makes_layer=directory != "/"))


def apply_user(state: StageState, item: User) -> None:
    user = state.expand(item.user, item.span)
    state.config = state.config._replace(user=user)
    state.history.append(config_line(f"USER {user}"))


def apply_shell(state: StageState, item: Shell) -> None:
    state.config = state.config._replace(shell=item.args)
    state.history.append(config_line(f"SHELL {plain_list(item.args)}"))


def with_shell(state: StageState, args: tuple[str, ...]) -> tuple[str, ...]:
    """The shell form's command line: the words of SHELL, then the text as one word."""
    return (*(state.config.shell or _DEFAULT_SHELL), " ".join(args))
