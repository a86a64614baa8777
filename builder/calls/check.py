"""`--check`: everything that the checks find, and the errors that stand in the way of building."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import NamedTuple

from builder.calls.excerpt import excerpt, location
from builder.context.buildfile import BuildfileText
from builder.errors import BuilderError, Problems
from builder.lint.ruleset import describe
from builder.pipeline.planning import PlanRequest, check_failed, make_linter
from builder.plan.make import make_plan
from builder.plan.types import ImageResolver, Plan, Remark
from builder.syntax.parse import parse


class CheckAnswer(NamedTuple):
    text: BuildfileText
    remarks: tuple[Remark, ...]
    errors: tuple[BuilderError, ...]

    @property
    def exit_code(self) -> int:
        return 1 if self.remarks or self.errors else 0

    def to_json(self) -> dict[str, object]:
        source = {
            "filename": self.text.name,
            "language": "Dockerfile",
            "data": base64.b64encode(self.text.data).decode("ascii"),
        }
        answer: dict[str, object] = {"warnings": [_warning(item) for item in self.remarks], "sources": [source]}
        if self.errors:
            first = self.errors[0]
            error: dict[str, object] = {"message": "\n".join(item.message for item in self.errors)}
            answer["buildError"] = error | {"location": location(first.span) if first.span else {}}
        return answer

    def to_text(self) -> str:
        lines: list[str] = []
        if self.remarks:
            number = len(self.remarks)
            found = "1 warning has been found!" if number == 1 else f"{number} warnings have been found!"
            lines.append(f"Check complete, {found}")
        for item in self.remarks:
            lines += ["", f"WARNING: {item.rule} - {describe(item.rule)}", item.message, *excerpt(self.text, item.span)]
        for error in self.errors:
            place = excerpt(self.text, error.span) if error.span else []
            hint = [f"hint: {error.hint}"] if error.hint else []
            lines += ["", f"ERROR: {error.message}", *hint, *place]
        if not lines:
            lines.append("Check complete, no warnings found.")
        return "\n".join(lines).lstrip("\n") + "\n"


def check(request: PlanRequest, resolver: ImageResolver, planned: Callable[[Plan], None] | None = None) -> CheckAnswer:
    """Of the target and what it needs; without a target, of all stages. `planned` gets the plan where there is one."""
    linter = None
    errors: tuple[BuilderError, ...] = ()
    try:
        linter = make_linter(request)
        buildfile = parse(request.text.data, request.text.name, linter.hear_of_a_mistake)
        plan = make_plan(buildfile, request.options, resolver, linter, every_stage=not request.options.target)
        if planned:
            planned(plan)
        if linter.fails:
            errors = (check_failed(linter.in_order()),)
    except BuilderError as error:
        errors = error.errors if isinstance(error, Problems) else (error,)
    return CheckAnswer(request.text, linter.in_order() if linter else (), errors)


def _warning(remark: Remark) -> dict[str, object]:
    return {
        "ruleName": remark.rule,
        "description": describe(remark.rule),
        "detail": remark.message,
        "location": location(remark.span),
    }
