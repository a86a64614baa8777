"""CMD, ENTRYPOINT, HEALTHCHECK, ONBUILD, MAINTAINER: what the image says of the containers and images made from it."""

from __future__ import annotations

from builder.model.config import Healthcheck
from builder.plan.facts import CommandSet
from builder.plan.history import config_line, healthcheck_text, quoted_list
from builder.plan.process import with_shell
from builder.plan.stage_state import StageState
from builder.syntax.instructions import Cmd, Entrypoint, HealthcheckCommand, Maintainer, Onbuild


def apply_cmd(state: StageState, item: Cmd) -> None:
    _tell(state, "CMD", item)
    args = with_shell(state, item.args) if item.shell_form else item.args
    state.config = state.config._replace(cmd=args, args_escaped=True)
    state.cmd_is_own = True
    state.history.append(config_line(f"CMD {quoted_list(args)}"))


def apply_entrypoint(state: StageState, item: Entrypoint) -> None:
    """An inherited CMD was meant for the inherited entry point, so it goes."""
    _tell(state, "ENTRYPOINT", item)
    args = with_shell(state, item.args) if item.shell_form else item.args
    cmd = state.config.cmd if state.cmd_is_own else None
    state.config = state.config._replace(entrypoint=args, cmd=cmd)
    state.history.append(config_line(f"ENTRYPOINT {quoted_list(args)}"))


def apply_healthcheck(state: StageState, item: HealthcheckCommand) -> None:
    state.tell(CommandSet("HEALTHCHECK", item.span, state.declared.position, by_default_shell=False), item.span)
    check = Healthcheck(item.test, item.interval, item.timeout, item.start_period, item.start_interval, item.retries)
    state.config = state.config._replace(healthcheck=check)
    state.history.append(config_line(healthcheck_text(check)))


def apply_onbuild(state: StageState, item: Onbuild) -> None:
    """Stored as it stands; the history does not mention it."""
    state.config = state.config._replace(on_build=(*state.config.on_build, item.expression))


def apply_maintainer(state: StageState, item: Maintainer) -> None:
    state.author = item.name
    state.history.append(config_line(f"MAINTAINER {item.name}"))


def _tell(state: StageState, instruction: str, item: Cmd | Entrypoint) -> None:
    by_default_shell = item.shell_form and not state.config.shell
    state.tell(CommandSet(instruction, item.span, state.declared.position, by_default_shell), item.span)
