"""Tables, objects, sizes and times as docker prints them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from builder.cli.placeholders import fill, is_template
from builder.progress.figures import ago_text

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their widest cell, three blanks apart; no blanks at the ends of lines. No cell steers the
    terminal: texts of images are other people's."""
    from builder.progress.text import printable

    lines = [heads, *([printable(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    for line in lines:
        print("   ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def print_objects(values: Sequence[dict[str, object]], form: str) -> None:
    """What `inspect` prints: `json` is one object a line for scripts, a template one line for each that it fills; else
    one list for people, as docker's."""
    if is_template(form):
        for value in values:
            print(fill(form, value))
    elif form == "json":
        for value in values:
            print(json.dumps(value))
    else:
        print(json.dumps(values, indent=4))


def size_text(size_bytes: int) -> str:
    """Three digits and a decimal unit: `13.2MB`."""
    size, unit = float(size_bytes), 0
    while size >= 999.5 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.3g}{_UNITS[unit]}"


def since_text(created: str, now: float) -> str:
    """`3 days ago`, in the largest unit of which at least two have passed; `N/A` for what is no time."""
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return "N/A"
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return ago_text(now - moment.timestamp())
