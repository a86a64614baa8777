"""A plan, made once and kept: the same Buildfile, options and bases give the same plan; no grammar is loaded for it.

The warnings belong to the plan, so what they depend on is in its key: also the text of the ignore file.
"""

from __future__ import annotations

import os

from builder.cache.memo import plan_memo
from builder.context.buildfile import BuildfileText
from builder.context.ignore import find_ignore_file, read_ignore_file
from builder.errors import BuilderError, BuildfileError, StoreError
from builder.lean import TYPE_CHECKING, NamedTuple, cast, sha256_hex
from builder.model.canonical import Json, canonical
from builder.plan import codec
from builder.plan.types import ImageResolver, Plan, PlanOptions, Remark
from builder.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from builder.lint.linter import Linter
    from builder.model.config import ResolvedImage
    from builder.model.platform import Platform
    from builder.plan.epoch import RemoteTime

PLAN_FORMAT = 4
"""Raise it when the same Buildfile gives another plan than before."""


class IgnoreFile(NamedTuple):
    path: str
    text: str


_EVERY_RIGHT = ("network.host", "security.insecure", "device")


class PlanRequest(NamedTuple):
    """All that a plan and its warnings depend on, but for the base images."""

    text: BuildfileText
    options: PlanOptions
    ignore: IgnoreFile | None = None

    def with_every_right(self) -> PlanRequest:
        """For plans that are not carried out: they need no `--allow`."""
        surroundings = self.options.surroundings._replace(allowed=_EVERY_RIGHT)
        return self._replace(options=self.options._replace(surroundings=surroundings))


class Watcher(NamedTuple):
    """Who wants to know what happens meanwhile."""

    anew: Callable[[], None]
    """Called before a plan has to be made, which takes a while."""
    warn: Callable[[Remark], None] | None = None


def ignore_file(context: str, text: BuildfileText) -> IgnoreFile | None:
    """Of a folder: other contexts have none that counts."""
    path = find_ignore_file(context, text.path) if os.path.isdir(context) else None
    return IgnoreFile(path, read_ignore_file(path)) if path else None


def kept_plan(
    request: PlanRequest, store: Store, resolver: ImageResolver, watcher: Watcher, remote_time: RemoteTime
) -> Plan:
    """The plan, from the store if it still holds: every base is resolved again and must be what it was. Warnings are
    told also where an error comes of it. Raises BuildfileError `check-failed` where they are to fail the build."""
    memo = plan_memo(store)
    key = _key(request)
    kept = memo.get(key)
    plan = None
    if kept is not None:
        try:
            plan = codec.from_json(kept)
        except StoreError:
            plan = None
    resolver = _AskedOnce(resolver)
    if plan is None or not _still_holds(plan, resolver, remote_time):
        watcher.anew()
        plan = _made(request, resolver, watcher, remote_time)
        memo.put(key, cast("Json", codec.to_json(plan)))
    _tell(plan.warnings, watcher)
    if plan.warnings_fail:
        raise check_failed(plan.warnings)
    return plan


def make_linter(request: PlanRequest) -> Linter:
    """Raises BuildfileError for settings of checks, ContextError for lines of the ignore file, that are malformed."""
    from builder.context.ignore import IgnoreRules
    from builder.lint.linter import Linter
    from builder.lint.settings import settings_of

    settings = settings_of(request.text.data, request.text.name, dict(request.options.build_args))
    ignore = request.ignore
    return Linter(settings, IgnoreRules.parse(ignore.text, ignore.path) if ignore else None)


def check_failed(warnings: Iterable[Remark]) -> BuildfileError:
    rules = ", ".join(dict.fromkeys(remark.rule for remark in warnings))
    hint = "the Buildfile asks for it by `# check=error=true`"
    return BuildfileError("check-failed", f"checks fail the build: {rules}", hint=hint)


def _made(request: PlanRequest, resolver: ImageResolver, watcher: Watcher, remote_time: RemoteTime) -> Plan:
    from builder.plan.make import make_plan
    from builder.plan.unheard import unheard_arguments
    from builder.syntax.parse import parse

    linter = make_linter(request)
    try:
        buildfile = parse(request.text.data, request.text.name, linter.hear_of_a_mistake)
        plan = make_plan(buildfile, request.options, resolver, linter, remote_time=remote_time)
    except BaseException:
        _tell(linter.in_order(), watcher)
        raise
    warnings = (*linter.in_order(), *unheard_arguments(buildfile, request.options.build_args))
    return plan._replace(warnings=warnings, warnings_fail=linter.fails)


def _tell(remarks: Iterable[Remark], watcher: Watcher) -> None:
    if watcher.warn is not None:
        for remark in remarks:
            watcher.warn(remark)


def _still_holds(plan: Plan, resolver: ImageResolver, remote_time: RemoteTime) -> bool:
    if plan.epoch_from and remote_time(plan.epoch_from) != plan.epoch:
        return False
    try:
        return all(resolver.resolve(name, platform).digest == digest for name, platform, digest in plan.bases)
    except BuilderError:
        return False  # whoever plans anew meets it again, and knows the line


class _AskedOnce:
    """Whoever could not be reached is not waited for a second time."""

    def __init__(self, resolver: ImageResolver) -> None:
        self._resolver = resolver
        self._answers: dict[tuple[str, Platform], ResolvedImage | BuilderError] = {}

    def resolve(self, name: str, platform: Platform) -> ResolvedImage:
        asked = (name, platform)
        if asked not in self._answers:
            try:
                self._answers[asked] = self._resolver.resolve(name, platform)
            except BuilderError as error:
                self._answers[asked] = error
        answer = self._answers[asked]
        if isinstance(answer, BuilderError):
            raise answer
        return answer


def _key(request: PlanRequest) -> str:
    text, ignore = request.text, request.ignore
    parts = [PLAN_FORMAT, codec.FORMAT, text.name, sha256_hex(text.data), list(request.options)]
    if ignore:
        parts.append(sha256_hex(ignore.text.encode("utf-8", "surrogateescape")))
    return sha256_hex(canonical(parts))
