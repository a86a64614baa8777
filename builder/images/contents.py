"""The bytes of files that a stack of layers shows, by digest, out of the layers' blobs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from types import TracebackType

from builder.errors import LayerError
from builder.images.fetch import Progress, ensure_blobs
from builder.images.sources.types import OpenSource
from builder.layers.compress import decompress
from builder.layers.contents import whole_content
from builder.layers.members import Member, MemberReader
from builder.layers.tree import Node, Tree
from builder.model.entry import Kind
from builder.model.layer import Chain, Layer
from builder.store.failures import storing
from builder.store.store import Store


class Contents:
    """Files are taken out of each blob in one pass, into a temporary folder that goes with the context manager.

    By digest and not by path: an archive may hold a file's bytes under a name that is a link, or gone, in the end.
    """

    def __init__(self, store: Store, open_source: OpenSource, progress: Progress | None = None) -> None:
        self._store = store
        self._open_source = open_source
        self._progress = progress
        self._folder = ""

    def __enter__(self) -> Contents:
        with storing(self._store.root):
            self._folder = self._store.temporary.directory()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        import shutil

        shutil.rmtree(self._folder)

    def take(self, chain: Chain, tree: Tree, nodes: Iterable[Node]) -> None:
        """Afterwards `open` knows the contents of `nodes`, which are of `tree`, the merged tables of `chain`."""
        wanted: dict[int, dict[str, int]] = {}
        for node in nodes:
            entry = tree.content(node)
            if entry.kind is Kind.FILE and entry.size and not os.path.exists(self._path(entry.digest)):
                wanted.setdefault(node.layer, {})[entry.digest] = entry.size
        ensure_blobs(self._store, tuple(chain[position] for position in wanted), self._open_source, self._progress)
        for position, sizes in sorted(wanted.items()):
            self._take_from(chain[position], sizes)

    def open(self, digest: str) -> int:
        """A file descriptor on the content, for the caller to close."""
        return os.open(self._path(digest), os.O_RDONLY | os.O_CLOEXEC)

    def _take_from(self, layer: Layer, sizes: dict[str, int]) -> None:
        missing, possible = set(sizes), frozenset(sizes.values())
        with self._store.blobs.open(layer.descriptor.digest, layer.descriptor.size) as blob:
            reader = MemberReader(decompress(blob))
            for member in reader:
                if member.kind is Kind.FILE and member.size in possible:
                    missing.discard(self._keep(member, reader, missing))
                if not missing:
                    return
        raise LayerError(
            "content-missing", f"layer {layer.diff_id} lacks {len(missing)} files that its table of contents has"
        )

    def _keep(self, member: Member, reader: MemberReader, missing: set[str]) -> str:
        """Writes the member's content down, and keeps it if it is one of `missing`; returns its digest."""
        digest = hashlib.sha256()
        draft = f"{self._folder}/draft"
        with storing(draft):
            with open(draft, "wb") as file:
                for piece in whole_content(member, reader):
                    digest.update(piece)
                    file.write(piece)
            found = digest.hexdigest()
            if found in missing:
                os.rename(draft, self._path(found))
        return found

    def _path(self, digest: str) -> str:
        return f"{self._folder}/{digest}"
