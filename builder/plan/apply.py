"""Which function carries out which instruction."""

from __future__ import annotations

from typing import assert_never

from builder.errors import BuildfileError
from builder.plan import container, copying, exposure, process, run, variables
from builder.plan.stage_state import StageState
from builder.syntax import instructions


def apply_instruction(state: StageState, item: instructions.Instruction) -> None:  # noqa: PLR0912 - one line per instruction
    """Afterwards `state` is as the instruction leaves it. Raises BuildfileError."""
    state.read.clear()
    match item:
        case instructions.Env():
            variables.apply_env(state, item)
        case instructions.Arg():
            variables.apply_arg(state, item)
        case instructions.Label():
            variables.apply_label(state, item)
        case instructions.Run():
            run.apply_run(state, item)
        case instructions.Copy():
            copying.apply_copy(state, item)
        case instructions.Workdir():
            process.apply_workdir(state, item)
        case instructions.User():
            process.apply_user(state, item)
        case instructions.Shell():
            process.apply_shell(state, item)
        case instructions.Cmd():
            container.apply_cmd(state, item)
        case instructions.Entrypoint():
            container.apply_entrypoint(state, item)
        case instructions.HealthcheckCommand():
            container.apply_healthcheck(state, item)
        case instructions.Onbuild():
            container.apply_onbuild(state, item)
        case instructions.Maintainer():
            container.apply_maintainer(state, item)
        case instructions.Expose():
            exposure.apply_expose(state, item)
        case instructions.Volume():
            exposure.apply_volume(state, item)
        case instructions.StopSignal():
            exposure.apply_stop_signal(state, item)
        case instructions.From():
            raise BuildfileError("bad-trigger", "FROM stands between the instructions of a stage", span=item.span)
        case _:
            assert_never(item)
