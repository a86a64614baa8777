"""What steps copied, by digest: kept so that a later miss can be explained to the file."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

from builder.context.ignore import Rule
from builder.context.listing import Listing
from builder.store.store import Store


class Listings:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._noted: dict[str, bytes] = {}

    def note(self, listing: Listing) -> str:
        """Remembers the listing for this build; returns its digest."""
        self._noted[listing.digest] = listing.text
        return listing.digest

    def has(self, digest: str) -> bool:
        """Whether `describe` can tell of the listing, in this build and later."""
        return digest in self._noted or os.path.exists(self._path(digest))

    def keep(self, digest: str) -> None:
        """Afterwards later builds know the listing that was noted as `digest`."""
        from builder.context.compare import pack_listing

        path = self._path(digest)
        if not os.path.exists(path):
            os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
            self._store.temporary.write(path, pack_listing(self._noted[digest]))

    def describe(self, old: str, new: str, ignored_by: Callable[[str], Rule | None] | None = None) -> str:
        """What differs, e.g. `1 file changed: src/app.py (content)`; empty when one of them is not known any more.
        `ignored_by`: tells the line of the ignore file that hides a path."""
        from builder.context.compare import describe_changes

        before, after = self.text(old), self.text(new)
        if before is None or after is None:
            return ""
        try:
            return describe_changes(before, after, ignored_by)
        except (ValueError, KeyError):  # no listing at all: it may have come from elsewhere
            return ""

    def text(self, digest: str) -> bytes | None:
        """None where it is not known any more."""
        if digest in self._noted:
            return self._noted[digest]
        from builder.context.compare import unpack_listing

        with suppress(OSError), open(self._path(digest), "rb") as file:
            return unpack_listing(file.read())
        return None

    def _path(self, digest: str) -> str:
        return f"{self._store.folder('cache')}/listings/{os.path.basename(digest)}"
