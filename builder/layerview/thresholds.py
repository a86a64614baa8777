"""`--ci`: whether an image wastes no more than it may. The rules, their names and defaults are dive's."""

from __future__ import annotations

from typing import NamedTuple

from builder.errors import UsageError
from builder.layerview.analysis import Analysis
from builder.model.size import parse_size

_OFF = ("", "disabled", "off", "false")


class Thresholds(NamedTuple):
    """As they are written; a rule that is `off` is not judged."""

    lowest_efficiency: str = "0.9"
    highest_wasted_bytes: str = "off"
    highest_user_wasted_percent: str = "0.1"


class Verdict(NamedTuple):
    rule: str
    status: str
    """`PASS`, `FAIL` or `SKIP`."""
    message: str


def judge(analysis: Analysis, thresholds: Thresholds) -> list[Verdict]:
    """One verdict a rule. Raises UsageError `bad-threshold`."""
    efficiency = _part("lowest-efficiency", thresholds.lowest_efficiency)
    most = _bytes("highest-wasted-bytes", thresholds.highest_wasted_bytes)
    percent = _part("highest-user-wasted-percent", thresholds.highest_user_wasted_percent)
    found, wasted, share = analysis.efficiency, analysis.wasted_bytes, analysis.user_wasted_percent
    return [
        _verdict(
            "lowestEfficiency", efficiency, f"efficiency {found:.4f}", efficiency is not None and found < efficiency
        ),
        _verdict("highestWastedBytes", most, f"{wasted} bytes wasted", most is not None and wasted > most),
        _verdict(
            "highestUserWastedPercent", percent, f"{share:.4f} wasted above the lowest layer",
            percent is not None and share > percent,
        ),
    ]  # fmt: skip


def _verdict(rule: str, limit: float | None, said: str, failed: bool) -> Verdict:
    if limit is None:
        return Verdict(rule, "SKIP", f"{said}, no limit")
    return Verdict(rule, "FAIL" if failed else "PASS", f"{said}, limit {limit:g}")


def _part(option: str, text: str) -> float | None:
    if text.strip().lower() in _OFF:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise UsageError("bad-threshold", f"--{option} {text}: expected a number from 0 to 1, or off")
    return value


def _bytes(option: str, text: str) -> int | None:
    if text.strip().lower() in _OFF:
        return None
    size = parse_size(text.strip())
    if size is None:
        raise UsageError("bad-threshold", f"--{option} {text}: expected a size, such as 20MB, or off")
    return size
