"""Steps that read what is new here run before they are looked up."""

from __future__ import annotations

from builder.plan.types import Stage
from builder.solve.types import Solution
from tests.solve.toys import ToyCache, ToyRunner, solver, stage


def solve(stages: list[Stage], runner: ToyRunner, cache: ToyCache, **options: object) -> Solution:
    return solver(stages, runner, cache, **options).solve()


def test_a_new_step_is_recorded_as_one_that_was_looked_up_first() -> None:
    plain, first = ToyCache(), ToyCache()
    one = solve([stage(0, ["a", "b"])], ToyRunner(), plain)
    runner = ToyRunner()
    runner.new = {"a"}
    other = solve([stage(0, ["a", "b"])], runner, first, run_new_first=True)
    assert first.records.keys() == plain.records.keys()
    assert other.results == one.results
    assert [d.reason for d in other.decisions] == [d.reason for d in one.decisions]
    assert solve([stage(0, ["a", "b"])], runner, first, run_new_first=True).results == one.results
    assert runner.ran == ["a", "b"]


def test_it_is_looked_up_first_where_that_was_not_asked_for() -> None:
    runner, cache = ToyRunner(), ToyCache()
    solve([stage(0, ["a"])], runner, cache)
    runner.ran.clear()
    runner.new = {"a"}
    solve([stage(0, ["a"])], runner, cache)
    assert runner.ran == []


def test_a_record_that_is_there_after_all_is_taken() -> None:
    runner, cache = ToyRunner(), ToyCache()
    record = solve([stage(0, ["a"])], runner, cache).records[0]
    runner.ran.clear()
    runner.new = {"a"}
    again = solve([stage(0, ["a"])], runner, cache, run_new_first=True)
    assert again.records == (record,)
    assert list(cache.records.values()) == [record]


def test_two_stages_with_the_same_new_step_run_it_once() -> None:
    runner, cache = ToyRunner(), ToyCache()
    runner.new = {"a"}
    done = solve([stage(0, ["a"]), stage(1, ["a"])], runner, cache, run_new_first=True)
    assert runner.ran == ["a"]
    assert done.results[0].layers == done.results[1].layers
    assert {decision.key for decision in done.decisions} == set(cache.records)
