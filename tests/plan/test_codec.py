"""A plan on disk is the plan."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import Span, StoreError
from builder.model.config import Healthcheck, History, ImageConfig, ResolvedImage, RunConfig
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.layer import Layer
from builder.model.platform import Platform
from builder.plan.codec import from_json, to_json
from builder.plan.types import (
    CopyAction,
    Device,
    InlineFile,
    Plan,
    Remark,
    RemoteSource,
    RunAction,
    RunMount,
    Source,
    SourceKind,
    Stage,
    Step,
    Ulimit,
    WorkdirAction,
)
from tests.plan.planning import GOLDEN

text = st.text(max_size=8)
number = st.integers(0, 10**12)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | text,
    lambda x: st.lists(x, max_size=2) | st.dictionaries(text, x, max_size=2),
    max_leaves=4,
)


def several(item: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(item, max_size=2).map(tuple)


texts = several(text)
pairs = several(st.tuples(text, text))
extra = several(st.tuples(text, json_values))
digests = st.binary(max_size=3).map(Digest.of)
spans = st.builds(Span, text, number, number, number, text)
platforms = st.builds(Platform, text, text, text, text)
health = st.builds(Healthcheck, texts, number, number, number, number, number)
run_configs = st.builds(
    RunConfig, text, texts, texts, st.none() | texts, st.none() | texts, texts, text, pairs, text, st.none() | texts,
    st.none() | health, st.booleans(), texts, extra,
)  # fmt: skip
histories = several(st.builds(History, text, st.booleans(), text, text, text))
configs = st.builds(ImageConfig, platforms, run_configs, several(digests), histories, text, text, extra)
descriptors = st.builds(Descriptor, text, digests, number, st.none() | platforms, pairs)
images = st.builds(ResolvedImage, text, digests, configs, several(st.builds(Layer, digests, descriptors)), text)
sources = st.builds(Source, st.sampled_from(SourceKind), number, number)
inline = several(st.builds(InlineFile, text, text))
optional = st.none() | number
mounts = st.builds(
    RunMount, text, text, sources, text, st.booleans(), text, text, number, st.booleans(), st.none() | text, optional,
    optional, optional,
)  # fmt: skip
remotes = st.builds(RemoteSource, number, text, text, st.booleans(), text, text)
actions = (
    st.builds(
        RunAction, texts, pairs, text, text, text, inline, pairs, several(mounts), st.booleans(),
        several(st.builds(Device, text, st.booleans(), st.booleans())), text, pairs, number,
        several(st.builds(Ulimit, text, number, number)),
    )
    | st.builds(
        CopyAction,
        sources,
        texts,
        text,
        st.booleans(),
        inline,
        text,
        text,
        st.booleans(),
        st.none() | st.booleans(),
        remotes=several(remotes),
    )
    | st.builds(WorkdirAction, text, text)
)  # fmt: skip
steps = st.builds(Step, number, number, text, spans, actions, several(number))
stages = st.builds(Stage, number, text, sources, platforms, several(steps), configs, histories, spans)
plans = st.builds(
    Plan, several(stages), several(images), several(platforms), several(st.builds(Remark, text, text, spans)),
    st.none() | st.integers(),
    epoch_from=st.none() | remotes,
)  # fmt: skip


@given(plans)
def test_any_plan_survives_json_text(plan: Plan) -> None:
    kept = from_json(json.loads(json.dumps(to_json(plan))))
    assert kept == plan
    assert repr(kept) == repr(plan)


@pytest.mark.parametrize("case", sorted(entry.name for entry in os.scandir(GOLDEN) if entry.is_dir()))
def test_kept_plans_are_read(case: str) -> None:
    with open(os.path.join(GOLDEN, case, "plan.json"), encoding="utf-8") as file:
        value = json.load(file)
    assert to_json(from_json(value)) == value


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"format": 0, "plan": {}},
        {"format": 1},
        {"format": 1, "plan": None},
        {"format": 1, "plan": {}},
        {"format": 1, "plan": {"stages": [1], "images": []}},
        {"format": 1, "plan": {"stages": [], "images": [{"digest": "x"}]}},
        {"format": 1, "plan": {"stages": [], "images": [], "other": 1}},
    ],
)
def test_damage_is_a_store_error(value: object) -> None:
    with pytest.raises(StoreError) as caught:
        from_json(value)
    assert caught.value.code == "bad-plan"


def test_reading_a_plan_needs_no_parser_and_nothing_slow() -> None:
    """A rebuild that changes nothing has about 50 ms in all."""
    slow = {"lark", "dataclasses", "inspect", "builder.syntax.expand", "builder.plan.make", "pathlib", "ipaddress"}
    code = "import sys, builder.plan.codec; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True).stdout
    assert not slow & set(loaded.split())
