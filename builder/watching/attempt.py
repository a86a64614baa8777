"""What a build was of, and whether the next one would be of something else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from builder.builds.types import BuildRecord
from builder.pipeline.foreseeing import Forecast, Outlook


class Attempt(NamedTuple):
    steps: Mapping[tuple[str, int], tuple[str, str]]
    """Text and key by stage and number; the key is empty where the step was not reached."""
    images: tuple[object, ...]
    """What the images' configurations are made from."""
    is_built: bool


def attempt_of(forecast: Forecast, record: BuildRecord | None, *, is_built: bool) -> Attempt:
    """`forecast`: from before the build; `record`: of it, if it came so far."""
    rows = record.steps if record else ()
    return Attempt({(row.stage, row.number): (row.text, row.key) for row in rows}, _images(forecast), is_built)


def news(forecast: Forecast, last: Attempt) -> list[str]:
    """What a build would do that the last one has not done already, in words; empty where there is nothing."""
    found = list(_steps(forecast, last))
    if not found and _images(forecast) != last.images:
        found.append("the image's configuration changed, or steps that make no files")
    return found


def _steps(forecast: Forecast, last: Attempt) -> Iterator[str]:
    """A step without a key stands behind one that runs: it follows from that one. So do hits behind a hit."""
    told: set[str] = set()
    for row in forecast.rows:
        if not row.key or last.steps.get((row.stage, row.number)) in ((row.text, row.key), (row.text, "")):
            continue
        place = f"[{row.stage} {row.number}/{row.total}]"
        if row.outlook is Outlook.RUNS:
            yield f"{place} {row.reason or row.text}"
        elif row.stage not in told:
            build = row.record.build if row.record else "an earlier build"
            yield f"{place} is again as it was in {build}"
        told.add(row.stage)


def _images(forecast: Forecast) -> tuple[object, ...]:
    return tuple((stage.config, stage.history) for stage in forecast.plan.results)
