"""What a no-op rebuild needs of `typing` and `hashlib`, at a fraction of their price.

2026-11-24: such a build has about 40 ms for everything. Importing `typing` costs 4 of them, and each of its
NamedTuples compiles every annotation, which no one reads: here a value is a `collections.namedtuple`, at half the
cost and otherwise the same. `hashlib` loads OpenSSL, 3 ms. A test holds that neither is imported on that path; names
that stand in annotations only come from `typing` below `if TYPE_CHECKING:`.
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

    class _ValueClass(type):
        """Makes a named tuple of a class body: its annotations are the fields, in order."""

        def __new__(cls, name, bases, body):
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = body.get("__annotations__", {})
            defaults = [body.pop(field) for field in fields if field in body]
            value_class = namedtuple(name, fields, defaults=defaults, module=body["__module__"])
            for key, member in body.items():
                setattr(value_class, key, member)
            return value_class

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

    return hashlib.new(algorithm)


def sha256_hex(data: bytes) -> str:
    """The SHA-256 of `data`, 64 hex digits."""
    state = new_hash("sha256", len(data))
    state.update(data)
    return state.hexdigest()
