"""Changes to an image's configuration, written as instructions: `--change` of import and of commit.

The instructions go through the same parser and the same planner as a Buildfile's, so they mean the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from builder.errors import UsageError
from builder.model.config import RunConfig
from builder.model.platform import Platform
from builder.plan.make import make_plan
from builder.plan.types import PlanOptions
from builder.syntax.parse import parse

ALLOWED = ("CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "ONBUILD", "STOPSIGNAL", "USER", "VOLUME",
           "WORKDIR")  # fmt: skip
"""Those that change nothing but the configuration, docker's list and two more."""


def config_of(changes: Sequence[str], platform: Platform) -> RunConfig:
    """The configuration of an image from scratch after `changes`. Raises UsageError for an instruction that does more,
    BuildfileError for one that is wrong."""
    text = "\n".join(("FROM scratch", *changes, ""))
    buildfile = parse(text.encode(errors="surrogateescape"), "--change")
    for node in buildfile.nodes[1:]:
        if node.name not in ALLOWED:
            hint = f"changes are made by {', '.join(ALLOWED)}"
            raise UsageError("bad-change", f"--change cannot do {node.name}", hint=hint)
    plan = make_plan(buildfile, PlanOptions(platform, platform), _NoImages())
    return plan.target.config.config


class _NoImages:
    def resolve(self, name: str, platform: Platform) -> NoReturn:
        raise UsageError("bad-change", f"--change cannot use the image {name} for {platform}")
