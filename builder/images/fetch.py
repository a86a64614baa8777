"""Layers' blobs in the store: fetched when somebody needs their bytes, once, by whoever comes first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from builder.errors import BuilderError, ImageError, StoreError
from builder.images.origins import origins_of
from builder.lean import TYPE_CHECKING
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.layer import Chain, Layer
from builder.store.locks import FileLock
from builder.store.store import Store

if TYPE_CHECKING:
    from builder.images.sources.types import OpenSource, Source

_T = TypeVar("_T")
Progress = Callable[[Digest, int, int], None]
"""Blob, bytes so far, bytes in all. Called from several threads."""


def ensure_blob(store: Store, layer: Layer, open_source: OpenSource, progress: Progress | None = None) -> Descriptor:
    """The descriptor of a blob in the store that carries the layer; fetched, verified, if need be. Threads and
    processes that ask at once transfer it once. Raises ImageError `layer-missing` when no source is known."""
    wanted = layer.descriptor
    if store.blobs.has(wanted.digest, wanted.size):
        return wanted
    with FileLock(f"{store.folder('locks')}/blob.{wanted.digest.hex}"):
        if not store.blobs.has(wanted.digest, wanted.size):
            _fetch(store, wanted, open_source, progress)
    return wanted


def ensure_blobs(
    store: Store,
    layers: Chain,
    open_source: OpenSource,
    progress: Progress | None = None,
    stop: Callable[[], None] = lambda: None,
) -> None:
    """`ensure_blob` for each layer, several at a time; see `side_by_side` for failures and `stop`. Raises StoreError
    `disk-full` before anything is transferred when there is no room for it."""
    missing = [layer for layer in layers if not store.blobs.has(layer.descriptor.digest, layer.descriptor.size)]
    each_once = list({layer.descriptor.digest: layer for layer in missing}.values())
    if not each_once:
        return
    check_room(store, sum(layer.descriptor.size for layer in each_once))
    from builder.images.parallel import side_by_side

    side_by_side(lambda layer: ensure_blob(store, layer, open_source, progress), each_once, stop)


def check_room(store: Store, size: int) -> None:
    """A manifest may claim any size: better to say so than to fill the disk and then fail."""
    import os

    status = os.statvfs(store.root)
    free = status.f_bavail * status.f_frsize
    if size > free:
        raise StoreError(
            "disk-full",
            f"{size} bytes are to be fetched, and {free} are free for the store at {store.root}",
            hint="free some space, or choose another place with --root",
        )


def copy_blob(store: Store, source: Source, descriptor: Descriptor, progress: Progress | None = None) -> None:
    """Afterwards the store has the blob. Raises StoreError `digest-mismatch` when the source sends something else."""
    from builder.images.stream import verified_ahead

    with store.blobs.raw_writer() as writer:
        for chunk in verified_ahead(source.blob(descriptor), descriptor):
            writer.write(chunk)
            if progress:
                progress(descriptor.digest, writer.size, descriptor.size)
        writer.commit_as(descriptor.digest, descriptor.size)


def _fetch(store: Store, descriptor: Descriptor, open_source: OpenSource, progress: Progress | None) -> None:
    from_first_source(store, descriptor.digest, open_source, lambda one: copy_blob(store, one, descriptor, progress))


def from_first_source(store: Store, digest: Digest, open_source: OpenSource, ask: Callable[[Source], _T]) -> _T:
    """What the first source gives that has the blob; when none has, the failure of the one that was known last counts.
    Raises ImageError `layer-missing` when no source is known."""
    failures: list[BuilderError] = []
    for origin in origins_of(store, digest):
        try:
            return ask(open_source(origin))
        except BuilderError as error:
            failures.append(error)
    raise failures[0] if failures else _unknown(digest)


def _unknown(digest: Digest) -> ImageError:
    return ImageError(
        "layer-missing",
        f"the store has no layer blob {digest}, and no source of it is known",
        hint="build with --pull, or pull or import the image again",
    )
