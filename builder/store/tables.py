"""Layers' tables of contents, by diff id. Derived from blobs: one that is absent or damaged is made again."""

from __future__ import annotations

import _thread
import os
from collections.abc import Iterable
from contextlib import suppress

from builder.errors import LayerError, StoreError
from builder.model.digest import Digest, is_hex
from builder.model.entry import Entry
from builder.store.failures import store_error, storing
from builder.store.presence import Presence
from builder.store.temporary import Temporary, discard

_MEMO_ENTRIES = 200_000
"""How many entries stay in memory, over all tables; some hundred bytes each."""


class Tables:
    """Safe to share between threads and processes."""

    def __init__(self, folder: str, temporary: Temporary, presence: Presence) -> None:
        self._folder = folder
        self._temporary = temporary
        self._presence = presence
        self._memo: dict[Digest, list[Entry]] = {}
        self._mutex = _thread.allocate_lock()

    def path(self, diff_id: Digest) -> str:
        return f"{self._folder}/{diff_id.hex}"

    def has(self, diff_id: Digest) -> bool:
        """If so, it stays for as long as we have the store open."""
        return diff_id in self._memo or self._presence.keep(self.path(diff_id))

    def read(self, diff_id: Digest) -> list[Entry]:
        """The table; the list is shared, do not change it. Raises StoreError `table-missing`, also for a damaged
        one, which is dropped."""
        known = self._memo.get(diff_id)
        if known is not None:
            return known
        try:
            self._presence.keep(self.path(diff_id))
            entries = self.load(diff_id)
        except StoreError as error:
            if error.code == "table-missing":
                self.remove(diff_id)
            raise
        self._remember(diff_id, entries)
        return entries

    def load(self, diff_id: Digest) -> list[Entry]:
        """The table as it stands on disk; nothing is remembered or dropped."""
        from builder.layers.table import read_table

        try:
            with open(self.path(diff_id), "rb") as file:
                return read_table(file)
        except (FileNotFoundError, LayerError) as error:
            raise StoreError("table-missing", f"no table of contents for layer {diff_id}: {error}") from error
        except OSError as error:
            raise store_error(error, self.path(diff_id)) from error

    def text(self, diff_id: Digest) -> bytes:
        """The table as it is written. Raises StoreError `table-missing`."""
        from builder.layers.table import table_text

        return table_text(self.read(diff_id))

    def put(self, diff_id: Digest, entries: Iterable[Entry], text: bytes | None = None) -> None:
        """Afterwards `read(diff_id)` gives `entries`, path-sorted as they must be. `text` is the table as it is
        written, where that is known. A table that is there stays."""
        if self.has(diff_id):
            return
        rows = list(entries)
        if text is None:
            from builder.layers.table import table_text

            text = table_text(rows)
        with storing(self._folder):
            fd, path = self._temporary.file()
            try:
                with open(fd, "wb") as file:
                    file.write(text)
                self._temporary.publish(path, self.path(diff_id))
            except BaseException:
                discard(path)
                raise
        self._remember(diff_id, rows)

    def remove(self, diff_id: Digest) -> None:
        with self._mutex:
            self._memo.pop(diff_id, None)
        with storing(self._folder), suppress(FileNotFoundError):
            os.unlink(self.path(diff_id))

    def forget(self) -> None:
        """Afterwards nothing is known but what is on disk: tables may have been removed there."""
        with self._mutex:
            self._memo.clear()

    def all(self) -> list[Digest]:
        """The diff ids that have a table, sorted."""
        return [Digest.from_hex(name) for name in sorted(os.listdir(self._folder)) if is_hex(name)]

    def _remember(self, diff_id: Digest, entries: list[Entry]) -> None:
        with self._mutex:
            self._memo[diff_id] = entries
            total = sum(len(table) for table in self._memo.values())
            while total > _MEMO_ENTRIES and len(self._memo) > 1:
                oldest = next(iter(self._memo))
                total -= len(self._memo.pop(oldest))
