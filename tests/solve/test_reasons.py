"""Which earlier run a step is compared with, and how differences are put. The edits themselves: tests/integration."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.solve.reasons.mounts import Mounted, mount_changes
from builder.solve.reasons.nearest import earlier_runs
from builder.solve.reasons.own import _follows
from builder.solve.reasons.wording import change, variable_change, words_change
from builder.solve.types import PastStep
from tests.solve.toys import ToyCache, ToyPast, ToyRunner, solver, stage


def past(build: str, *commands: str, title: str = "s0", platform: str = "linux/amd64") -> list[PastStep]:
    return [PastStep(build, platform, title, f"RUN {text}", f"{build}.{text}", is_finished=True) for text in commands]


def nearest(new: list[str], number: int, *builds: list[PastStep]) -> str:
    found = earlier_runs(stage(0, new), number, builds).candidates
    return found[0].key if found else ""


def test_the_newest_build_with_the_same_instruction_counts() -> None:
    builds = past("2", "a", "x"), past("1", "a", "b"), past("0", "a", "b")
    assert nearest(["a", "b"], 2, *builds) == "1.b"
    assert nearest(["a", "b"], 1, *builds) == "2.a"


@pytest.mark.parametrize(
    ("new", "number", "found"),
    [
        (["a", "new one", "b one", "c two"], 3, "1.b one"),
        (["a", "new one", "b one", "c two"], 2, ""),
        (["a", "c two"], 2, "1.c two"),
        (["b one", "a", "c two"], 1, "1.b one"),
        (["b one", "a", "c two"], 2, "1.a"),
        (["a", "b other", "c two"], 2, "1.b one"),
        (["a", "b one more", "quite other things", "c two"], 2, "1.b one"),
        (["a", "b one more", "quite other things", "c two"], 3, ""),
    ],
)
def test_steps_inserted_removed_exchanged_and_edited(new: list[str], number: int, found: str) -> None:
    assert nearest(new, number, past("1", "a", "b one", "c two")) == found


def test_a_stage_is_known_by_its_steps_when_its_name_is_another() -> None:
    build = [*past("1", "z", title="s0"), *past("1", "a", "b", title="old")]
    assert nearest(["a", "b"], 2, build) == "1.b"


def test_the_same_platform_comes_first() -> None:
    other = past("2", "a", platform="linux/arm64")
    assert nearest(["a"], 1, other, past("1", "a")) == "1.a"
    assert nearest(["a"], 1, other) == "2.a"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("make test", "make check", "test -> check"),
        ("make", "make -j4", "-j4 added"),
        ("make -q all", "make all", "-q removed"),
        ("a b c d e f g h", "A b C d E f G h", "a -> A, c -> C, e -> E and 1 more"),
        ("same", "same", ""),
    ],
)
def test_words_that_differ(old: str, new: str, said: str) -> None:
    assert words_change(old, new) == said


def test_long_texts_are_compared_at_their_ends_first() -> None:
    words = [str(number) for number in range(20_000)]
    edited = [*words[:10_000], "x", *words[10_001:]]
    assert words_change(" ".join(words), " ".join(edited)) == "10000 -> x"
    assert len(words_change(" ".join(words), " ".join(reversed(words)))) < 200


def mounted(*mounts: dict[str, object], source: str = "") -> Mounted:
    origins = [[mount["target"], "", source] for mount in mounts if source]
    return Mounted.read([{"kind": "cache"} | mount for mount in mounts], origins)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (mounted({"target": "/c", "id": "a"}), mounted({"target": "/c", "id": "b"}), ["mount at /c: id=a -> id=b"]),
        (mounted({"target": "/c"}), mounted({"target": "/d"}), ["mount at /c: target=/c -> target=/d"]),
        (mounted(), mounted({"target": "/c", "mode": 0o700}), ["--mount=type=cache,target=/c,mode=0700 added"]),
        (mounted({"target": "/c"}), mounted(), ["--mount=type=cache,target=/c removed"]),
        (mounted({"target": "/c"}, source="a"), mounted({"target": "/c"}, source="b"),
         ["mount at /c: source=a -> source=b"]),
        (mounted({"target": "/c", "id": "/c", "uid": 5}), mounted({"target": "/d", "id": "/d"}),
         ["mount at /c: target=/c -> target=/d, uid=5 removed"]),
        (mounted({"kind": "tmpfs", "target": "/t"}), mounted({"kind": "tmpfs", "target": "/t", "size": 1 << 20}),
         ["mount at /t: size=1m added"]),
        (mounted({"kind": "secret", "target": "/run/secrets/a", "id": "a"}),
         mounted({"kind": "secret", "target": "/run/secrets/b", "id": "b"}),
         ["mount at /run/secrets/a: id=a -> id=b"]),
        (mounted(), mounted({"kind": "ssh", "target": "/run/buildkit/ssh_agent.0", "id": "default"}),
         ["--mount=type=ssh added"]),
        (Mounted.read("damaged", [1]), Mounted.read([{}], {}), ["--mount= added"]),
    ],
)  # fmt: skip
def test_mounts_differ_by_their_options(old: Mounted, new: Mounted, words: list[str]) -> None:
    assert list(mount_changes(old, new, {"mounts", "mount:/c"}).words) == words


def test_long_values_are_shown_where_they_differ() -> None:
    assert change("x" * 100 + "1", "x" * 100 + "2") == "…xxxxxxxxxx1 -> …xxxxxxxxxx2"
    assert change("", None) == "(empty) -> (unset)"
    assert len(change("a" * 500, "b" * 500)) < 150


def test_values_that_sound_secret_are_not_shown() -> None:
    for name in ("TOKEN", "npm_token", "DB_PASSWORD", "AWS_SECRET_ACCESS_KEY"):
        assert variable_change(name, "hunter2", "hunter2x") == f"{name}: another value (not shown)"
        assert variable_change(name, None, "hunter2") == f"{name}: set"
        assert variable_change(name, "hunter2", None) == f"{name}: unset"


@given(st.lists(st.sampled_from("ab/-"), max_size=12).map("".join), st.text("ab", min_size=1, max_size=2))
def test_a_text_follows_from_an_exchanged_value(text: str, value: str) -> None:
    assert _follows(text, text.replace(value, "new"), [(value, "new")])
    assert not _follows(text, text + "?", [(value, "new")])


def test_many_places_of_a_value_take_no_time() -> None:
    assert not _follows("a" * 1000 + "b", "a" * 1500 + "c", [("a", "aa")])


def test_pruned_and_lost_records() -> None:
    runner, cache = ToyRunner(), ToyCache()
    known = ToyPast(cache)
    first = solver([stage(0, ["a"])], runner, cache)
    first.solve()
    known.add(first)
    (key,) = cache.records
    cache.records.clear()

    def reason() -> str:
        found = solver([stage(0, ["a"])], runner, cache, past=known)
        found.look_up()
        pending = found.states[0].pending
        assert pending is not None
        return pending.reason

    assert reason() == "the layer of the earlier build is gone"
    known.gone[key] = "2026-11-24 (pybuild prune)"
    assert reason() == "record pruned on 2026-11-24 (pybuild prune)"


def test_keys_of_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    runner, cache = ToyRunner(), ToyCache()
    known = ToyPast(cache)
    with monkeypatch.context() as before:
        before.setattr("builder.solve.keys.KEY_FORMAT", 0)
        first = solver([stage(0, ["a"])], runner, cache)
        first.solve()
        known.add(first)
    now = solver([stage(0, ["a"])], runner, cache, past=known)
    now.look_up()
    pending = now.states[0].pending
    assert pending is not None
    assert pending.reason == "this version keeps its cache in another form"
