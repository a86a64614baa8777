"""What a no-op rebuild needs of `typing` and `hashlib`, at a fraction of their price.

2026-11-24: such a build has about 35 ms for everything, Python's own start included, and passes through some 60 classes
of values. Importing `typing` costs 4 ms; each of its NamedTuples compiles every annotation, which no one reads, and a
constructor, 0.1 ms together. The NamedTuple of this module is the same to a type checker and to whoever uses a value,
and costs 0.02 ms. `hashlib` loads OpenSSL, 3 ms. A test holds that neither is imported on that path; names that stand
in annotations only come from `typing` below `if TYPE_CHECKING:`.
"""

from __future__ import annotations

import sys
from collections import namedtuple

__all__ = ["TYPE_CHECKING", "NamedTuple", "Protocol", "cast", "new_hash", "sha256_hex"]

TYPE_CHECKING = False
"""Every type checker takes a variable of this name for true."""

_SMALL = 64 << 10
"""OpenSSL hashes twice as fast as what comes with Python: worth loading for more bytes than this."""

if TYPE_CHECKING:
    from hashlib import _Hash as Hash
    from hashlib import sha256 as _own_sha256
    from typing import NamedTuple, Protocol, cast
else:
    try:
        if sys.version_info >= (3, 12):
            from _sha2 import sha256 as _own_sha256
        else:
            from _sha256 import sha256 as _own_sha256
    except ImportError:  # this Python was built without
        from hashlib import sha256 as _own_sha256

    _PATTERN = namedtuple("_PATTERN", [f"field_{number}" for number in range(32)])
    _READERS = [getattr(_PATTERN, name) for name in _PATTERN._fields]
    """How the standard library's named tuples read a member; they know its place, not its name."""
    _MISSING = object()
    _new = tuple.__new__

    class _Value(tuple):
        """What all values share: the interface of `collections.namedtuple`."""

        __slots__ = ()

        def __new__(cls, *members, **named):
            if named or len(members) != len(cls._fields):
                members = cls._complete(members, named)
            return _new(cls, members)

        @classmethod
        def _complete(cls, members, named):
            """All members, in order. TypeError as from any function where they do not fit the fields."""
            fields, given = cls._fields, len(members)
            if given > len(fields):
                raise TypeError(f"{cls.__name__} has {len(fields)} members, not {given}")
            complete = [*members, *cls._padding[given:]]
            for name in named:
                if name not in fields or fields.index(name) < given:
                    raise TypeError(f"{cls.__name__} has no member {name!r}, or was given it twice")
                complete[fields.index(name)] = named[name]
            for position in range(given, len(fields) - len(cls._field_defaults)):
                if complete[position] is _MISSING:
                    raise TypeError(f"{cls.__name__} needs the member {fields[position]!r}")
            return complete

        @classmethod
        def _make(cls, members):
            return cls(*members)

        def _replace(self, **named):
            made = _new(type(self), map(named.pop, self._fields, self))
            if named:
                raise ValueError(f"{type(self).__name__} has no members {list(named)}")
            return made

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self):
            members = [f"{name}={member!r}" for name, member in zip(self._fields, self, strict=True)]
            return f"{type(self).__name__}({', '.join(members)})"

        def __getnewargs__(self):
            return tuple(self)

    class _ValueClass(type):
        """Makes a value's class of a class body: its annotations are the fields, in order."""

        def __new__(cls, name, bases, body):
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = tuple(body.get("__annotations__", ()))
            defaults = {field: body[field] for field in fields if field in body}
            padding = tuple([defaults.get(field, _MISSING) for field in fields])
            shared = {"_fields": fields, "__match_args__": fields, "_field_defaults": defaults, "_padding": padding}
            readers = zip(fields, _READERS, strict=False)
            return type(name, (_Value,), {**body, **dict(readers), **shared, "__slots__": ()})

    class NamedTuple(metaclass=_ValueClass):
        pass

    class Protocol:
        pass

    def cast(_type, value):
        return value


def new_hash(algorithm: str, size: int) -> Hash:
    """As `hashlib.new`, for about `size` bytes."""
    if algorithm == "sha256" and size <= _SMALL:
        return _own_sha256()
    import hashlib

    return hashlib.sha256() if algorithm == "sha256" else hashlib.new(algorithm)


def sha256_hex(data: bytes) -> str:
    """The SHA-256 of `data`, 64 hex digits."""
    state = new_hash("sha256", len(data))
    state.update(data)
    return state.hexdigest()
