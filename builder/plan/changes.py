"""Changes to an image's configuration, written as instructions: `--change` of import and of commit.

The instructions go through the same parser and the same planner as a Buildfile's, so they mean the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from builder.errors import UsageError
from builder.model.config import ImageConfig, ResolvedImage, RunConfig
from builder.model.digest import Digest
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
    return changed_config(ImageConfig(platform), changes).config


def changed_config(config: ImageConfig, changes: Sequence[str]) -> ImageConfig:
    """`config` after `changes`, as an image that is built on it. Raises what `config_of` raises."""
    if not changes:
        return config
    text = "\n".join(("FROM container", *changes, ""))
    buildfile = parse(text.encode(errors="surrogateescape"), "--change")
    for node in buildfile.nodes[1:]:
        if node.name not in ALLOWED:
            hint = f"changes are made by {', '.join(ALLOWED)}"
            raise UsageError("bad-change", f"--change cannot do {node.name}", hint=hint)
    plan = make_plan(buildfile, PlanOptions(config.platform, config.platform), _OneImage(config))
    changed = plan.target.config.config
    return config._replace(config=changed._replace(on_build=(*config.config.on_build, *changed.on_build)))


class _OneImage:
    """The image that the changes begin with; its ONBUILD instructions are for images built on it, not for it."""

    def __init__(self, config: ImageConfig) -> None:
        self._config = config

    def resolve(self, name: str, platform: Platform) -> ResolvedImage:
        if name != "container":
            raise UsageError("bad-change", f"--change cannot use the image {name} for {platform}")
        bare = self._config._replace(
            config=self._config.config._replace(on_build=()), diff_ids=(), history=(), created=""
        )
        return ResolvedImage(name, Digest.from_hex("0" * 64), bare, (), "store")
