"""`--call=targets`: the stages that `--target` can name."""

from __future__ import annotations

import base64
from typing import NamedTuple

from builder.calls.excerpt import location
from builder.calls.table import table
from builder.context.buildfile import BuildfileText
from builder.pipeline.planning import PlanRequest
from builder.plan.types import ImageResolver
from builder.syntax.instructions import From
from builder.syntax.parse import parse


class TargetsAnswer(NamedTuple):
    text: BuildfileText
    heads: tuple[From, ...]

    @property
    def exit_code(self) -> int:
        return 0

    def to_json(self) -> dict[str, object]:
        listed = [_target(head, is_default=head is self.heads[-1]) for head in self.heads]
        return {"targets": listed, "sources": [base64.b64encode(self.text.data).decode("ascii")]}

    def to_text(self) -> str:
        rows = [("TARGET", "DESCRIPTION", "BASE")]
        for head in self.heads:
            default = "(default)" if head is self.heads[-1] else ""
            rows.append((f"{head.name} {default}".strip(), head.comment, head.image))
        return table(rows)


def targets(request: PlanRequest, resolver: ImageResolver) -> TargetsAnswer:  # noqa: ARG001 - nothing is resolved
    buildfile = parse(request.text.data, request.text.name)
    return TargetsAnswer(request.text, tuple(item for item in buildfile.instructions if isinstance(item, From)))


def _target(head: From, is_default: bool) -> dict[str, object]:
    members: dict[str, object] = {
        "name": head.name,
        "default": is_default,
        "description": head.comment,
        "base": head.image,
        "platform": head.platform,
    }
    return {name: value for name, value in members.items() if value} | {"location": location(head.span)}
