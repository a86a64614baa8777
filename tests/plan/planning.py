"""What the tests of this room share: Buildfile text to a plan, on images that exist in memory only."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from builder.errors import ImageError
from builder.lint.linter import Linter
from builder.lint.settings import Settings
from builder.model.config import ImageConfig, ResolvedImage
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.layer import Layer
from builder.model.platform import Platform
from builder.plan.make import make_plan
from builder.plan.types import Action, CopyAction, Plan, PlanOptions, RunAction, Surroundings
from builder.syntax.parse import parse

AMD64 = Platform("linux", "amd64")
OPTIONS = PlanOptions(AMD64, AMD64, surroundings=Surroundings(allowed=("network.host",)))
GOLDEN = os.path.join(os.path.dirname(__file__), "golden")

with open(os.path.join(GOLDEN, "bases.json"), encoding="utf-8") as _file:
    BASES: dict[str, object] = json.load(_file)


class MemoryImages:
    """An ImageResolver over configs by name. Remembers what it was asked for."""

    def __init__(self, configs: Mapping[str, object] = BASES) -> None:
        self.configs = configs
        self.asked: list[tuple[str, str]] = []

    def resolve(self, name: str, platform: Platform) -> ResolvedImage:
        self.asked.append((name, str(platform)))
        if name not in self.configs:
            raise ImageError("unknown-image", f"there is no image {name}")
        config = ImageConfig.from_json(self.configs[name])
        layers = tuple(
            Layer(diff_id, Descriptor("application/vnd.oci.image.layer.v1.tar", diff_id, 10))
            for diff_id in config.diff_ids
        )
        return ResolvedImage(name, Digest.of(name.encode()), config, layers, "store")


def plan_of(text: str, options: PlanOptions = OPTIONS, images: MemoryImages | None = None) -> Plan:
    """With the warnings that all rules of BuildKit give."""
    linter = Linter(Settings())
    plan = make_plan(parse(os.fsencode(text), "Buildfile"), options, images or MemoryImages(), linter)
    return plan._replace(warnings=linter.in_order())


def actions(plan: Plan) -> list[Action]:
    """Of the target stage."""
    return [step.action for step in plan.target.steps]


def runs(plan: Plan) -> list[RunAction]:
    return [action for action in actions(plan) if isinstance(action, RunAction)]


def copies(plan: Plan) -> list[CopyAction]:
    return [action for action in actions(plan) if isinstance(action, CopyAction)]


def lines(plan: Plan) -> list[str]:
    """The history that the target's stages add."""
    return [entry.created_by for entry in plan.target.history]
