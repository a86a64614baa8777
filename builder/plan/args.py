"""Where the values of build arguments come from, before any stage begins.

BuildKit's reference calls them global, predefined and platform arguments. A global ARG is visible in FROM lines only;
a stage imports it with `ARG NAME`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from builder.errors import Span
from builder.model.platform import Platform
from builder.plan.expansion import expand_word
from builder.plan.types import PlanOptions
from builder.syntax.instructions import Arg

EPOCH = "SOURCE_DATE_EPOCH"
NEVER_IN_ENVIRONMENT = frozenset({"BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"})
"""Arguments that steer scans: ARG may declare them, no process and no expansion sees them."""

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")


NamedEpoch = Callable[[str, Mapping[str, str], Span | None], int | None]


class Arguments(NamedTuple):
    given: Mapping[str, str]
    """What the command line gave: beats every default."""
    declared: Mapping[str, str]
    """The global scope: platform arguments and those of the ARG lines above the first FROM that have a value."""
    names: tuple[str, ...]
    """Everything that FROM lines may mention without a warning: `declared`, and ARG lines without a value."""
    proxies: tuple[tuple[str, str], ...]
    """Proxies for RUN in both spellings, whether declared or not."""
    epoch: int | None


def read_arguments(
    args: Iterable[Arg], options: PlanOptions, last_stage: str, escape: str, named_epoch: NamedEpoch
) -> Arguments:
    """The arguments of one build. `args` stand above the first FROM; each may use the ones before it. `named_epoch`
    gives the seconds for what SOURCE_DATE_EPOCH names."""
    given = dict(options.build_args)
    if options.epoch is not None:
        given.setdefault(EPOCH, str(options.epoch))
    declared = platform_arguments(options, last_stage)
    names = list(declared)
    span = None
    for arg in args:
        for name, default in arg.pairs:
            names.append(name)
            if name in given:
                declared[name] = given[name]
            elif default is not None:
                declared[name] = expand_word(default, declared, escape, arg.span).text
            if name == EPOCH:
                span = arg.span
    epoch = _read_epoch(given, declared, span, named_epoch)
    _normalise_epoch(given, declared, epoch)
    return Arguments(given, declared, tuple(names), _proxies(options.build_args), epoch)


def platform_arguments(options: PlanOptions, last_stage: str) -> dict[str, str]:
    """Where the global scope begins."""
    build = _platform_members("BUILD", options.build_platform)
    target = _platform_members("TARGET", options.target_platform)
    predefined = build | target | {"TARGETSTAGE": options.target or last_stage or "default"}
    return predefined | {name: value for name, value in options.build_args if name in predefined}


def _platform_members(prefix: str, platform: Platform) -> dict[str, str]:
    return {
        f"{prefix}PLATFORM": platform.full if prefix == "TARGET" else str(platform),
        f"{prefix}OS": platform.os,
        f"{prefix}OSVERSION": platform.os_version,
        f"{prefix}ARCH": platform.architecture,
        f"{prefix}VARIANT": platform.variant,
    }


def _proxies(build_args: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Any letter case is taken, the last in byte order wins; processes get upper and lower case."""
    given = {name.upper(): value for name, value in sorted(dict(build_args).items())}
    found = [(name, given[name]) for name in _PROXIES if given.get(name)]
    return tuple((spelling, value) for name, value in found for spelling in (name, name.lower()))


def _read_epoch(
    given: Mapping[str, str], declared: Mapping[str, str], span: Span | None, named: NamedEpoch
) -> int | None:
    text = given.get(EPOCH, declared.get(EPOCH, ""))
    if not text:
        return None
    if re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        return int(text)
    return named(text, declared, None if EPOCH in given else span)


def _normalise_epoch(given: dict[str, str], declared: dict[str, str], epoch: int | None) -> None:
    """Stages see the number in its plain form, and no argument at all where the command line gave an empty one."""
    for scope in (given, declared):
        if EPOCH in scope and epoch is not None:
            scope[EPOCH] = str(epoch)
    if epoch is None and EPOCH in given:
        del given[EPOCH]
        declared.pop(EPOCH, None)
    elif epoch is None and declared.get(EPOCH):
        del declared[EPOCH]
