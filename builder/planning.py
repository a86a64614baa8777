"""A plan, made once and kept: the same Buildfile, options and bases give the same plan; no grammar is loaded for it."""

from __future__ import annotations

from builder.cache.memo import plan_memo
from builder.context.buildfile import BuildfileText
from builder.errors import StoreError
from builder.lean import TYPE_CHECKING, cast, sha256_hex
from builder.model.canonical import Json, canonical
from builder.plan import codec
from builder.plan.types import ImageResolver, Plan, PlanOptions
from builder.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

PLAN_FORMAT = 1
"""Raise it when the same Buildfile gives another plan than before."""


def kept_plan(
    text: BuildfileText, options: PlanOptions, store: Store, resolver: ImageResolver, anew: Callable[[], None]
) -> Plan:
    """The plan, from the store if it still holds: every base is resolved again and must be what it was. `anew` is
    called before one has to be made, which takes a while."""
    memo = plan_memo(store)
    key = _key(text, options)
    kept = memo.get(key)
    if kept is not None:
        try:
            plan = codec.from_json(kept)
        except StoreError:
            plan = None
        if plan is not None and _still_holds(plan, resolver):
            return plan
    anew()
    from builder.plan.make import make_plan
    from builder.syntax.parse import parse

    plan = make_plan(parse(text.data, text.name), options, resolver)
    memo.put(key, cast("Json", codec.to_json(plan)))
    return plan


def _still_holds(plan: Plan, resolver: ImageResolver) -> bool:
    return all(resolver.resolve(name, platform).digest == digest for name, platform, digest in plan.bases)


def _key(text: BuildfileText, options: PlanOptions) -> str:
    data = sha256_hex(text.data)
    return sha256_hex(canonical([PLAN_FORMAT, codec.FORMAT, text.name, data, list(options)]))
