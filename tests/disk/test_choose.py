from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from builder.disk.choose import Wish, choose
from builder.disk.types import CACHES, Item, Kind

ITEMS = st.lists(
    st.builds(
        Item,
        st.sampled_from(list(Kind)),
        st.text("abc", min_size=1, max_size=3),
        st.just(""),
        st.integers(0, 9),
        used=st.integers(0, 5).map(float),
        in_use=st.sampled_from(["", "somebody"]),
        only_all=st.booleans(),
        order=st.integers(0, 3),
    ),
    max_size=12,
    unique_by=lambda item: (item.kind, item.id),
)
WISHES = st.builds(
    Wish,
    st.frozensets(st.sampled_from(list(Kind))),
    st.booleans(),
    st.none() | st.integers(0, 6).map(float),
    st.none() | st.integers(0, 40),
)


@given(ITEMS, WISHES)
def test_what_is_taken_may_go(items: list[Item], wish: Wish) -> None:
    taken = choose(items, wish)
    assert not any(item.in_use for item in taken)
    assert {item.kind for item in taken} <= wish.kinds
    if wish.until is not None:
        assert all(item.used < wish.until for item in taken)
    if wish.keep_bytes is not None:
        assert {item.kind for item in taken} <= CACHES
    elif not wish.everything:
        assert not any(item.only_all for item in taken)


@given(ITEMS, st.integers(0, 40))
def test_a_size_takes_the_least_recently_used_and_no_more_than_it_must(items: list[Item], keep: int) -> None:
    wish = Wish(keep_bytes=keep)
    taken = choose(items, wish)
    unused = [item for item in items if not item.in_use and item.kind in CACHES]
    stays = [item for item in unused if item not in taken]
    assert sum(item.size for item in stays) <= keep
    assert all(gone.used <= there.used for gone in taken for there in stays)
    if taken:
        assert sum(item.size for item in (*stays, taken[-1])) > keep


def test_of_one_build_the_later_steps_go_first() -> None:
    steps = [Item(Kind.CACHE, str(number), "", 10, used=1.0, order=number) for number in (1, 2, 3)]
    assert [item.id for item in choose(steps, Wish(keep_bytes=15))] == ["3", "2"]
