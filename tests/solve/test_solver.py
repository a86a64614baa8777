from __future__ import annotations

import _thread
import threading

import pytest

from builder.errors import StepError
from builder.plan.types import Source, SourceKind, Stage
from tests.solve.toys import Events, ToyCache, ToyRunner, solver, stage


def solve(stages: list[Stage], runner: ToyRunner, cache: ToyCache, **options: object) -> dict[str, str]:
    """Runs a solve; returns each step's command and why it ran (empty: cached)."""
    solution = solver(stages, runner, cache, **options).solve()
    return {decision.step.text: decision.reason for decision in solution.decisions}


def test_a_second_build_runs_nothing() -> None:
    runner, cache = ToyRunner(), ToyCache()
    stages = [stage(0, ["a", "b"]), stage(1, ["c"], Source(SourceKind.STAGE, stage=0))]
    first = solver(stages, runner, cache).solve()
    runner.ran.clear()
    second = solver(stages, runner, cache).solve()
    assert runner.ran == []
    assert second.results == first.results
    assert all(decision.record for decision in second.decisions)


def test_a_hit_needs_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    runner, cache = ToyRunner(), ToyCache()
    solve([stage(0, ["a"])], runner, cache)
    monkeypatch.setattr(threading.Thread, "start", lambda _self: pytest.fail("a thread was started"))
    solve([stage(0, ["a"])], runner, cache)


def test_changed_content_reruns_that_step_and_what_follows() -> None:
    runner, cache = ToyRunner(), ToyCache()
    solve([stage(0, ["a", "b", "c"])], runner, cache)
    runner.ran.clear()
    runner.content["b"] = "new"
    reasons = solve([stage(0, ["a", "b", "c"])], runner, cache)
    assert runner.ran == ["b", "c"]
    assert reasons == {
        "RUN a": "",
        "RUN b": "content differs",
        "RUN c": "earlier step 2 produced other files: /file (content)",
    }


def test_early_cutoff_a_rerun_with_equal_output_lets_later_steps_hit() -> None:
    runner, cache = ToyRunner(), ToyCache()
    runner.output["b"] = "same"
    solve([stage(0, ["a", "b", "c"])], runner, cache)
    runner.ran.clear()
    runner.content["b"] = "new"
    solve([stage(0, ["a", "b", "c"])], runner, cache)
    assert runner.ran == ["b"]


def test_independent_stages_run_at_once() -> None:
    runner = ToyRunner()
    meeting = threading.Barrier(3)
    runner.before_run = lambda command: meeting.wait(60) if command != "last" else None  # type: ignore[assignment]
    stages = [stage(0, ["a"]), stage(1, ["b"]), stage(2, ["c"]), stage(3, ["last"], reads={1: (0, 1, 2)})]
    solve(stages, runner, ToyCache())
    assert runner.ran[-1] == "last"


def test_an_interrupted_build_ends_after_its_steps() -> None:
    runner, ended = ToyRunner(), threading.Event()
    cleared: list[bool] = []

    def step(_command: str) -> None:
        _thread.interrupt_main()
        runner.canceled.wait(60)
        cleared.append(not ended.wait(0.2))

    runner.before_run = step
    with pytest.raises(KeyboardInterrupt):
        solve([stage(0, ["a", "b"])], runner, ToyCache())
    ended.set()
    assert cleared == [True]


def test_a_stage_waits_for_the_stages_it_reads() -> None:
    runner = ToyRunner()
    solve([stage(0, ["a", "b"]), stage(1, ["c"], reads={1: (0,)})], runner, ToyCache())
    assert runner.ran == ["a", "b", "c"]


def test_equal_steps_of_two_stages_run_once() -> None:
    runner = ToyRunner()
    reasons = solve([stage(0, ["a"]), stage(1, ["a"]), stage(2, ["z"], reads={1: (0, 1)})], runner, ToyCache())
    assert sorted(runner.ran) == ["a", "z"]
    assert reasons["RUN a"] in ("", "no earlier build of this step here")


def test_a_failure_stops_the_rest_and_is_raised() -> None:
    runner = ToyRunner()
    runner.fail.add("bad")
    runner.before_run = lambda command: runner.canceled.wait(60) if command == "slow" else None  # type: ignore[assignment]
    stages = [stage(0, ["slow", "never"]), stage(1, ["bad"]), stage(2, ["end"], reads={1: (0, 1)})]
    with pytest.raises(StepError, match="bad failed"):
        solve(stages, runner, ToyCache())
    assert "never" not in runner.ran
    assert runner.canceled.is_set()


def test_what_ran_before_a_failure_is_kept() -> None:
    runner, cache = ToyRunner(), ToyCache()
    runner.fail.add("b")
    with pytest.raises(StepError):
        solve([stage(0, ["a", "b"])], runner, cache)
    runner.fail.clear()
    runner.ran.clear()
    solve([stage(0, ["a", "b"])], runner, cache)
    assert runner.ran == ["b"]


@pytest.mark.parametrize(("no_cache", "expected"), [(None, ["a", "b"]), (("s1",), ["b"]), ((), [])])
def test_no_cache_and_its_filter(no_cache: tuple[str, ...] | None, expected: list[str]) -> None:
    runner, cache = ToyRunner(), ToyCache()
    stages = [stage(0, ["a"]), stage(1, ["b"], Source(SourceKind.STAGE, stage=0))]
    solve(stages, runner, cache)
    runner.ran.clear()
    reasons = solve(stages, runner, cache, no_cache=no_cache)
    assert runner.ran == expected
    assert [text for text, reason in reasons.items() if "--no-cache" in reason] == [f"RUN {name}" for name in expected]


def test_created_times_of_an_inherited_stage_are_kept() -> None:
    runner, cache = ToyRunner(), ToyCache()
    stages = [stage(0, ["a"]), stage(1, ["b"], Source(SourceKind.STAGE, stage=0))]
    solution = solver(stages, runner, cache).solve()
    assert len(solution.results[1].created) == 2
    assert len(solution.results[1].layers) == 2


def test_events_tell_cached_and_reason() -> None:
    runner, cache = ToyRunner(), ToyCache()
    one = solver([stage(0, ["a"])], runner, cache)
    one.solve()
    two = solver([stage(0, ["a"])], runner, cache)
    two.solve()
    assert isinstance(one.reporter, Events)
    assert isinstance(two.reporter, Events)
    assert [type(event).__name__ for event in one.reporter.events] == ["TaskStarted", "TaskLog", "TaskFinished"]
    assert two.reporter.events[-1].cached  # type: ignore[union-attr]
