"""ENV, ARG, LABEL: names with values.

All values of one line are expanded with the environment from before the line, except that each ARG of a line sees the
ones before it.
"""

from __future__ import annotations

from builder.errors import Span
from builder.plan.args import NEVER_IN_ENVIRONMENT
from builder.plan.facts import ArgumentDeclared, ArgumentValued, PairsSet
from builder.plan.history import config_line
from builder.plan.stage_state import StageState
from builder.syntax.instructions import Arg, Env, Label


def apply_env(state: StageState, item: Env) -> None:
    pairs = _expanded(state, item.pairs, item.span)
    state.tell(PairsSet("ENV", tuple(name for name, _ in pairs), item.legacy), item.span)
    for name, value in pairs:
        state.set_variable(name, value)
        state.set_by[name] = frozenset(state.read)
        state.config = state.config._replace(env=_with_variable(state.config.env, name, value))
    state.history.append(config_line(_line("ENV", pairs)))


def apply_label(state: StageState, item: Label) -> None:
    pairs = _expanded(state, item.pairs, item.span)
    state.tell(PairsSet("LABEL", tuple(name for name, _ in pairs), item.legacy), item.span)
    state.config = state.config._replace(labels=tuple((dict(state.config.labels) | dict(pairs)).items()))
    state.history.append(config_line(_line("LABEL", pairs)))


def apply_arg(state: StageState, item: Arg) -> None:
    """The command line's value beats the default here, which beats the global one. A default is not even expanded
    where it is not needed."""
    words = ["ARG"]
    for name, default in item.pairs:
        state.tell(ArgumentDeclared(name), item.span)
        value = _argument(state, name, default, item.span)
        state.arguments[name] = value
        arguments = state.shared.arguments
        is_new = default is not None or name in arguments.given or name not in arguments.declared
        state.tell(ArgumentValued(name, value or "", state.declared.position, is_new), item.span)
        if value is not None and name not in NEVER_IN_ENVIRONMENT:
            state.set_variable(name, value)
            state.set_by[name] = None
        words.append(name if value is None else f"{name}={value}")
    state.history.append(config_line(" ".join(words)))


def _argument(state: StageState, name: str, default: str | None, span: Span) -> str | None:
    arguments = state.shared.arguments
    if name in arguments.given:
        return arguments.given[name]
    return arguments.declared.get(name) if default is None else state.expand(default, span)


def _expanded(state: StageState, pairs: tuple[tuple[str, str], ...], span: Span) -> list[tuple[str, str]]:
    return [(state.expand(name, span), state.expand(value, span)) for name, value in pairs]


def _line(instruction: str, pairs: list[tuple[str, str]]) -> str:
    return " ".join([instruction, *(f"{name}={value}" for name, value in pairs)])


def _with_variable(env: tuple[str, ...], name: str, value: str) -> tuple[str, ...]:
    """In the config a variable that is set again keeps its first place."""
    names = [entry.partition("=")[0] for entry in env]
    if name not in names:
        return (*env, f"{name}={value}")
    place = names.index(name)
    return (*env[:place], f"{name}={value}", *env[place + 1 :])
