"""What an answer is, and which question gives which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from builder.calls.check import check
from builder.calls.outline import outline
from builder.calls.targets import targets
from builder.pipeline.planning import PlanRequest
from builder.plan.types import ImageResolver


class Answer(Protocol):
    @property
    def exit_code(self) -> int: ...

    def to_json(self) -> dict[str, object]: ...

    def to_text(self) -> str:
        """Ends with a line end."""


QUESTIONS: dict[str, Callable[[PlanRequest, ImageResolver], Answer]] = {
    "check": check,
    "lint": check,
    "outline": outline,
    "targets": targets,
}
"""`lint` is buildx's older word for `check`."""
