"""Laid-out files of a context, kept between builds: the next one writes only what has changed since.

`shown/KEY/` holds `files`, `state` and `lock`; KEY stands for the context and the path in it. `state` is what `files`
holds, and the boot in which it was written: nothing is synced, so after another boot all is laid out anew. Whoever
shows the files holds the lock shared; who changes them holds it alone, and removes `state` first. A pruner takes the
lock alone and removes the folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack, suppress

from builder.context.listing import Attributes, make_listing, read_listing
from builder.context.select import Source as Selection
from builder.model.entry import Entry, Kind
from builder.steps.lay_out import lay_out, make_entry, set_times
from builder.store.durable import boot_id
from builder.store.failures import storing
from builder.store.locks import FileLock
from builder.store.store import Store
from builder.store.trees import remove_tree

Open = Callable[[str], int]


def keep_laid_out(store: Store, key: str, selection: Selection, open_: Open, opened: ExitStack) -> str | None:
    """Where the selected directory stands, unchanged until `opened` ends; None where another build shows other files
    of this key."""
    folder = store.place("shown", key)
    state = f"{boot_id()}\0{selection.entry.mode:o}\0".encode() + make_listing([selection]).text
    with storing(folder):
        lock = FileLock(f"{folder}/lock")
        opened.callback(lock.release)
        with store.presence.steady():  # a pruner takes the folder away whole, or not at all
            os.makedirs(folder, 0o700, exist_ok=True)
            is_ours = lock.exclusive(wait=False)
            os.utime(folder)  # when it was used last
        if is_ours:
            if _read(folder) != state:
                _bring_up_to_date(store, folder, state, selection, open_)
            set_times(f"{folder}/files", selection)
            lock.shared()
        elif not lock.shared_now():
            return None
        if _read(folder) == state:
            return f"{folder}/files"
        lock.release()
        return None


def _read(folder: str) -> bytes:
    with suppress(FileNotFoundError), open(f"{folder}/state", "rb") as file:
        return file.read()
    return b""


def _bring_up_to_date(store: Store, folder: str, state: bytes, selection: Selection, open_: Open) -> None:
    before, files = _read(folder), f"{folder}/files"
    with suppress(FileNotFoundError):
        os.unlink(f"{folder}/state")
    boot, _, rest = before.partition(b"\0")
    old = read_listing(rest.partition(b"\0")[2]) if boot == boot_id().encode() else None
    new = read_listing(make_listing([selection]).text)
    if old is None or _has_links(old) or _has_links(new):
        with suppress(FileNotFoundError):
            remove_tree(files)
        lay_out(selection, open_, files)
    else:
        _change(files, selection, old, new, open_)
    store.temporary.write(f"{folder}/state", state)


def _has_links(listing: dict[str, Attributes]) -> bool:
    return any(attributes.kind == Kind.HARDLINK.value for attributes in listing.values())


def _change(
    files: str, selection: Selection, old: dict[str, Attributes], new: dict[str, Attributes], open_: Open
) -> None:
    """From `old` to `new`: what is no more, or is something else, goes; then what is missing is made."""
    cut = len(selection.prefix)
    directory = Kind.DIRECTORY.value
    for path in sorted(old, key=len, reverse=True):
        stays = new.get(path)
        if stays == old[path] or (stays and stays.kind == old[path].kind == directory):
            continue
        place = f"{files}/{path[cut:]}"
        if old[path].kind == directory:
            os.rmdir(place)
        else:
            os.unlink(place)
    for entry in selection.below:
        if old.get(entry.path) != new[entry.path]:
            _make(entry, f"{files}/{entry.path[cut:]}", old.get(entry.path), open_)
    os.chmod(files, selection.entry.mode if selection.entry.path else 0o755)


def _make(entry: Entry, place: str, before: Attributes | None, open_: Open) -> None:
    if entry.kind is Kind.DIRECTORY and before and before.kind == entry.kind.value:
        os.chmod(place, entry.mode)
    else:
        make_entry(entry, place, "", open_)
