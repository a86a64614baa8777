from __future__ import annotations

import pytest

from builder.progress.events import BuildFinished, TaskProgress, WarningRaised
from builder.progress.figures import progress_text, seconds_text, size_text, summary_text, warning_lines


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (12_345_678, "12.3 MB"),
        (5_000_000_000_000_000, "5000.0 TB"),
    ],
)
def test_sizes(count: int, text: str) -> None:
    assert size_text(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0.0s"),
        (0.04, "0.0s"),
        (59.94, "59.9s"),
        (59.96, "1m00s"),
        (125, "2m05s"),
        (3599.6, "1h00m"),
        (7300, "2h01m"),
    ],
)
def test_times(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


def test_summaries() -> None:
    image = BuildFinished(0, 3.2, 7, 4, "sha256:" + "ab" * 32, 12_300_000, ("app:1.0", "app:latest"))
    expected = "Built in 3.2s, 4 of 7 steps cached, image abababababab (12.3 MB), app:1.0 app:latest"
    assert summary_text(image) == expected
    assert summary_text(BuildFinished(0, 0.05, 2, 2)) == "Built in 0.1s, 2 of 2 steps cached"
    assert summary_text(BuildFinished(0, 61, 2, 2, error="no")) == "Failed after 1m01s"


def test_progress_and_warnings() -> None:
    assert progress_text(TaskProgress("a", 0, 1500, 3000)) == "1.5 kB / 3.0 kB"
    assert progress_text(TaskProgress("a", 0, 5, 0, "files")) == "5 files"
    assert warning_lines([]) == []
    warnings = [WarningRaised(0, "Rule", "bad\x1b[31m"), WarningRaised(0, "Rule", "bad", "Buildfile", 3)]
    assert warning_lines(warnings[:1]) == ["1 warning found:", " - Rule: bad"]
    assert warning_lines(warnings) == ["2 warnings found:", " - Rule: bad", " - Buildfile:3: Rule: bad"]
