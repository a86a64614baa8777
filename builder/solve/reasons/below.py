"""What differs in what a step stands on: its base image, or the first earlier step that made other files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from builder.lean import NamedTuple
from builder.model.digest import Digest, is_hex
from builder.model.layer import chain_identity
from builder.plan.types import Plan, SourceKind
from builder.solve.reasons.notes import States, base_of, read_below, read_pair
from builder.solve.reasons.wording import shown
from builder.solve.state import StageState
from builder.solve.types import Cause, Decision, Record

_UNKNOWN = Cause("below", "an earlier step made other files")
_DEEPEST = 1024

DescribeLayers = Callable[[Digest, Digest], str]
"""Names the files that differ between two layers, by diff id; empty where that is not known any more."""


class Floor(NamedTuple):
    """One step below another, with the layer that it made."""

    text: str
    key: str
    diff_id: str
    name: str = ""
    """`step 3`, `step 3 of build`; of an earlier build nothing."""
    stage: str = ""
    """Its title where it is another one than that of the step which stands here."""
    id: str = ""
    compared: str = ""
    """Key of the record that its own miss was compared with."""
    is_known: bool = False
    """An earlier build had the same instruction."""
    reason: str = ""
    """Why it ran."""


class Around(NamedTuple):
    """The instructions that are not below a step."""

    later: frozenset[str]
    """Those that come after it in its stage."""
    elsewhere: Mapping[str, str]
    """Those of other stages, with the stage's title."""


class Building(NamedTuple):
    """Everything below a step."""

    base: tuple[str, str]
    """Name and digest of the image."""
    base_chain: str
    floors: tuple[Floor, ...]
    """Lowest first."""


def building_now(state: StageState, states: States, plan: Plan, build: str) -> Building:
    """`build`: the id of this one."""
    floors: list[Floor] = []
    home = state.stage
    while True:
        taken = zip(state.stage.steps, state.decisions, state.records, strict=False)
        floors[:0] = [
            Floor(
                step.text,
                decision.key,
                str(record.layer.diff_id),
                f"step {step.number}" + ("" if state.stage is home else f" of {state.stage.title}"),
                "" if state.stage is home else state.stage.title,
                f"{step.stage}.{step.number}",
                decision.nearest.key if decision.nearest else "",
                _is_known(decision, build),
                decision.reason,
            )
            for step, decision, record in taken
        ]
        if state.stage.base.kind is not SourceKind.STAGE:
            break
        state = states[state.stage.base.stage]
    base = plan.images[state.stage.base.image].layers if state.stage.base.kind is SourceKind.IMAGE else ()
    return Building(base_of(state, states, plan), chain_identity(base), tuple(floors))


def _is_known(decision: Decision, build: str) -> bool:
    if decision.record is not None:
        return decision.record.build != build
    return decision.nearest is not None and decision.nearest.text == decision.step.text


def building_then(record: Record, recall: Callable[[str], Record | None]) -> Building | None:
    """What the step of `record` stood on; None where a record on the way is gone, and nothing is left of it."""
    floors: list[Floor] = []
    while below := read_below(record):
        key, diff_id = below
        found = recall(key)
        if found is None or len(floors) == _DEEPEST:
            return None
        floors.insert(0, Floor(found.text, key, diff_id))
        record = found
    base = read_pair(record, "base")
    return Building(base, str(record.parts.get("parent", "")), tuple(floors)) if base else None


def cause_below(now: Building, then: Building | None, text: str, around: Around, describe: DescribeLayers) -> Cause:
    """Why the parent is not what it was. `text`: the step's own."""
    if then is None:
        return _UNKNOWN
    if moved := base_change(now, then) or _stage_change(now, then, around):
        return moved
    for old, new in zip(then.floors, now.floors, strict=False):
        if old.diff_id != new.diff_id:
            return _other_floor(old, new, now, then, around.later, describe)
    if len(now.floors) > len(then.floors):
        new = now.floors[len(then.floors)]
        return _came_in(new, is_known=new.is_known and new.text not in (text, *(old.text for old in then.floors)))
    if len(now.floors) < len(then.floors):
        return _went(then.floors[len(now.floors)], around.later)
    return _UNKNOWN


def base_change(now: Building, then: Building) -> Cause | None:
    """Another image, or the same name with other files."""
    if now.base == then.base or (now.base[0] == then.base[0] and now.base_chain == then.base_chain):
        return None
    old, new = then.base[0] or "scratch", now.base[0] or "scratch"
    return Cause("base", f"base changed: {shown(old)} -> {shown(new)}") if old != new else base_moved(now, then)


def _stage_change(now: Building, then: Building, around: Around) -> Cause | None:
    """FROM names a stage that it did not, or no longer does: nothing of that stage was, or is, below the step."""
    before, after = ({floor.text for floor in building.floors} for building in (then, now))
    stages = [floor for floor in now.floors if floor.stage]
    if stages and not before & {floor.text for floor in stages} and all(floor.is_known for floor in stages):
        return Cause("base", f"base changed: now stage {stages[-1].stage}")
    titles = [around.elsewhere.get(floor.text, "") for floor in then.floors if floor.text not in after]
    left = [title for title in titles if title]
    return Cause("base", f"base changed: no longer stage {left[-1]}") if left and not stages else None


def base_moved(now: Building, then: Building, brings: Sequence[str] = ()) -> Cause:
    """`brings`: what is known of what the image sets otherwise than before."""
    detail = f" ({', '.join(brings)})" if brings else ""
    return Cause("base", f"base {shown(now.base[0])} moved: {_short(then.base[1])} -> {_short(now.base[1])}{detail}")


def _other_floor(
    old: Floor, new: Floor, now: Building, then: Building, later: frozenset[str], describe: DescribeLayers
) -> Cause:
    if old.text == new.text or old.key in (new.key, new.compared):
        files = describe(Digest(old.diff_id), Digest(new.diff_id)) if _are_digests(old.diff_id, new.diff_id) else ""
        detail = f": {files}" if files else f" ({new.reason})" if new.reason else ""
        return Cause("below", f"earlier {new.name} produced other files{detail}", new.id)
    before, after = ([floor.text for floor in building.floors] for building in (then, now))
    if after.count(new.text) > before.count(new.text):
        return _came_in(new, is_known=new.is_known and new.text not in before)
    if before.count(old.text) > after.count(old.text):
        return _went(old, later)
    return Cause("below", "earlier steps are in another order", new.id)


def _came_in(new: Floor, *, is_known: bool) -> Cause:
    if is_known:
        return Cause("below", f"order changed: {shown(new.text)} now stands before this step", new.id)
    return Cause("below", f"earlier {new.name} is new: {shown(new.text)}", new.id)


def _went(old: Floor, later: frozenset[str]) -> Cause:
    if old.text in later:
        return Cause("below", f"order changed: {shown(old.text)} stood before this step")
    return Cause("below", f"earlier step removed: {shown(old.text)}")


def _are_digests(*texts: str) -> bool:
    return all(text.startswith("sha256:") and is_hex(text[7:]) for text in texts)


def _short(digest: str) -> str:
    return digest if len(digest) <= 19 else digest[:19] + "…"
