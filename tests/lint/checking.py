"""What the tests of checks share: a Buildfile's text to its findings, on images that exist in memory only."""

from __future__ import annotations

import os

from builder.context.buildfile import BuildfileText
from builder.errors import BuilderError
from builder.model.config import ImageConfig, ResolvedImage
from builder.model.digest import Digest
from builder.model.platform import Platform
from builder.pipeline.planning import IgnoreFile, PlanRequest, make_linter
from builder.plan.make import make_plan
from builder.plan.types import PlanOptions
from builder.syntax.parse import parse

AMD64 = Platform("linux", "amd64")
OPTIONS = PlanOptions(AMD64, AMD64)
LAYER = "sha256:" + "1" * 64


class AnyImage:
    """An ImageResolver that knows every name."""

    def __init__(self, architecture: str = "amd64") -> None:
        self.config = {
            "os": "linux",
            "architecture": architecture,
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [LAYER]},
        }

    def resolve(self, name: str, platform: Platform) -> ResolvedImage:  # noqa: ARG002 - the same for all
        return ResolvedImage(name, Digest.of(name.encode()), ImageConfig.from_json(self.config), (), "store")


def request_of(text: str, options: PlanOptions = OPTIONS, ignore: str = "") -> PlanRequest:
    data = os.fsencode(text)
    file = IgnoreFile(".dockerignore", ignore) if ignore else None
    return PlanRequest(BuildfileText("Buildfile", "Buildfile", data), options, file)


def findings(
    text: str, options: PlanOptions = OPTIONS, ignore: str = "", images: AnyImage | None = None
) -> list[tuple[str, int]]:
    """Rule and line of everything that is found in all stages, by line and rule, as `--check` has it."""
    request = request_of(text, options, ignore)
    linter = make_linter(request)
    try:
        make_plan(parse(request.text.data), options, images or AnyImage(), linter, every_stage=not options.target)
    except BuilderError as error:
        if error.code not in ("bad-base", "bad-port", "empty-base", "bad-platform", "not-yet-supported"):
            raise
    return sorted(((remark.rule, remark.span.line) for remark in linter.remarks), key=lambda found: found[::-1])


def with_args(**args: str) -> PlanOptions:
    return OPTIONS._replace(build_args=tuple(args.items()))
