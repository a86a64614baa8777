"""The lean NamedTuple beside the one of `typing`: no difference to whoever uses a value."""

from __future__ import annotations

import copy
import hashlib
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder import lean


class Standard(NamedTuple):
    name: str
    size: int
    mode: int = 0o644
    links: tuple[str, ...] = ()


class Lean(lean.NamedTuple):
    """A file."""

    name: str
    size: int
    mode: int = 0o644
    links: tuple[str, ...] = ()

    @property
    def doubled(self) -> int:
        return self.size * 2

    @classmethod
    def empty(cls) -> Lean:
        return cls("", 0)


NAMES = ("name", "size", "mode", "links", "owner")


@given(st.lists(st.integers(), max_size=6), st.dictionaries(st.sampled_from(NAMES), st.integers()))
def test_made_of_whatever_it_is_given_as_the_standard_one_is(members: list[int], named: dict[str, int]) -> None:
    try:
        expected: tuple[object, ...] | None = Standard(*members, **named)  # type: ignore[arg-type]
    except TypeError:
        expected = None
    if expected is None:
        with pytest.raises(TypeError, match="Lean"):
            Lean(*members, **named)  # type: ignore[arg-type]
    else:
        assert Lean(*members, **named) == expected  # type: ignore[arg-type]


def test_has_the_interface_of_the_standard_one() -> None:
    value, standard = Lean("a", 2, links=("b",)), Standard("a", 2, links=("b",))
    assert (value.name, value.size, value.mode, value.links) == standard
    assert tuple(value._replace(size=3)) == standard._replace(size=3)
    assert value._asdict() == standard._asdict()
    assert (Lean._fields, Lean._field_defaults) == (Standard._fields, Standard._field_defaults)
    assert tuple(Lean._make(["a", 2, 1, ()])) == Standard._make(["a", 2, 1, ()])
    assert repr(value) == repr(standard).replace("Standard", "Lean")
    assert (Lean.__doc__, Lean.__module__, Lean.__qualname__) == ("A file.", __name__, "Lean")
    assert hash(value) == hash(standard)
    match value:
        case Lean(name, size):
            assert (name, size) == ("a", 2)


def test_keeps_the_methods_of_its_class() -> None:
    assert (Lean("a", 2).doubled, Lean.empty()) == (4, Lean("", 0))


def test_copies_are_equal_and_of_the_same_class() -> None:
    value = Lean("a", 2)
    for other in (copy.copy(value), copy.deepcopy(value)):
        assert (type(other), other) == (Lean, value)


def test_is_frozen() -> None:
    value = Lean("a", 2)
    with pytest.raises(AttributeError):
        value.size = 3  # type: ignore[misc]
    with pytest.raises(AttributeError):
        value.owner = 3  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="owner"):
        value._replace(owner=3)  # type: ignore[call-arg]


@pytest.mark.parametrize("size", [0, 1, 64 << 10, (64 << 10) + 1])
def test_hashes_as_hashlib_does(size: int) -> None:
    data = bytes(size)
    assert lean.sha256_hex(data) == hashlib.sha256(data).hexdigest()
    assert lean.new_hash("sha512", size).hexdigest() == hashlib.sha512().hexdigest()
