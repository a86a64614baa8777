"""What is done about each finding, until nothing more is found."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from typing import NamedTuple

from builder.cache.local import LocalCache
from builder.errors import BuilderError, StoreError
from builder.health.aside import set_aside
from builder.health.examine import examine
from builder.images.uses import Use
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.store.check import Finding
from builder.store.create import layout_is_right, write_layout
from builder.store.reach import reach
from builder.store.store import FOLDERS, Store
from builder.store.trees import Remover

_ROUNDS = 5
"""A damaged blob may cost an image, which may cost nothing more: two are usual."""


class Mended(NamedTuple):
    finding: Finding
    done: str
    """What was done, and what is lost."""


class Repaired(NamedTuple):
    mended: list[Mended]
    left: list[Finding]
    """What could not be mended."""


def open_damaged(root: str) -> tuple[Store, list[Mended]]:
    """The store at `root`, also where its marker is what is damaged."""
    root, mended = os.path.abspath(root), []
    if os.path.isdir(root) and FOLDERS.issubset(os.listdir(root)) and not layout_is_right(root):
        write_layout(root)
        finding = Finding("layout-damaged", "oci-layout", "it does not say that this is an OCI image layout")
        mended.append(Mended(finding, "written again"))
    return Store.open(root), mended


def repair(
    store: Store, uses: Callable[[], Sequence[Use]], remover: Remover, told: Callable[[str, int, int], None]
) -> Repaired:
    """Afterwards the store is whole, but for what is `left`. `told` as for `examine`."""
    mender = _Mender(store, uses, remover)
    mended: list[Mended] = []
    for _ in range(_ROUNDS):
        found = examine(store, told)
        done = [Mended(finding, what) for finding in found if (what := mender.mend(finding))]
        mended += done
        if not done:
            break
    else:
        found = examine(store, told)
    return Repaired(mended, [mender.left(finding) for finding in found])


class _Mender:
    def __init__(self, store: Store, uses: Callable[[], Sequence[Use]], remover: Remover) -> None:
        self._store = store
        self._uses = uses
        self._remover = remover
        self._ways: dict[str, Callable[[Finding], str]] = {
            "index-damaged": self._index,
            "blob-damaged": lambda finding: set_aside(store, store.blobs.path(Digest(finding.subject))),
            "blob-missing": self._images,
            "blob-unreadable": self._images,
            "table-damaged": self._table,
            "table-differs": self._table,
            "snapshot-incomplete": self._snapshot,
            "snapshot-changed": self._snapshot,
            "layer-unknown": self._layer,
            "record-damaged": self._record,
            "cache-damaged": lambda finding: f"{self._gone(finding)}: steps run again",
            "memo-damaged": self._gone,
            "download-damaged": lambda finding: f"{self._gone(finding)}: it is fetched again",
            "repository-damaged": lambda finding: f"{self._gone(finding)}: it is fetched again",
            "mount-damaged": self._gone,
            "container-damaged": lambda finding: self._aside(f"containers/{finding.subject}"),
            "unknown-file": lambda finding: self._aside(finding.subject),
        }

    def mend(self, finding: Finding) -> str:
        """What was done; empty where nothing can be done, or it was with an earlier one."""
        try:
            return self._ways[finding.code](finding)
        except StoreError:
            return ""

    def _aside(self, subject: str) -> str:
        return set_aside(self._store, f"{self._store.root}/{subject}")

    def _index(self, _: Finding) -> str:
        """Names that were lost come back with the next build, pull or tag."""
        self._aside("index.json")
        return "restored from its copy" if self._store.refs.restore() else "written anew: the names of images are lost"

    def _images(self, _: Finding) -> str:
        """One finding may be about several images, and an image may have several: the first one does all."""
        copied, lost, restored = self._store.refs.copied(), [], []
        images = [*self._store.refs.items(), *(("", descriptor) for descriptor in self._store.refs.untagged())]
        for name, descriptor in images:
            if self._is_whole(descriptor):
                continue
            self._store.refs.forget(descriptor.digest)
            before = copied.get(name) if name else None
            if before is not None and self._is_whole(before):
                self._store.refs.set(name, before)
                restored.append(name)
            else:
                lost.append(name or str(descriptor.digest))
        texts = [f"{', '.join(restored)}: its name was restored"] if restored else []
        texts += [f"lost: {', '.join(lost)}: build, pull or import again"] if lost else []
        return "; ".join(texts)

    def _is_whole(self, descriptor: Descriptor) -> bool:
        found = reach(self._store.blobs, [descriptor])
        return not found.missing and not found.unreadable

    def _table(self, finding: Finding) -> str:
        self._store.tables.remove(Digest(finding.subject))
        return "dropped: it is read from the layer again"

    def _snapshot(self, finding: Finding) -> str:
        diff_id = Digest(finding.subject)
        if self._users(diff_id):
            return ""  # told as left
        self._store.snapshots.remove(diff_id, self._remover)
        return "dropped: the layer is unpacked again"

    def left(self, finding: Finding) -> Finding:
        """What could not be mended, with the reason."""
        if finding.code == "snapshot-changed" and (users := self._users(Digest(finding.subject))):
            return finding._replace(message=f"{finding.message}: {users} stands on it: remove that and repair again")
        return finding

    def _users(self, diff_id: Digest) -> str:
        return ", ".join(use.by for use in self._uses_now() if diff_id in use.snapshots)

    def _uses_now(self) -> Sequence[Use]:
        try:
            return self._uses()
        except BuilderError:
            return ()

    def _layer(self, finding: Finding) -> str:
        self._store.layers.forget(Digest(finding.subject))
        return "dropped"

    def _record(self, finding: Finding) -> str:
        with closing(LocalCache(self._store)) as cache:
            cache.remove(finding.subject)
        return "dropped: the step runs again"

    def _gone(self, finding: Finding) -> str:
        path, grave = f"{self._store.root}/{finding.subject}", self._store.temporary.directory()
        with suppress(FileNotFoundError):
            os.rename(path, f"{grave}/gone")
        self._remover(grave)
        return "dropped"
