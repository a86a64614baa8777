"""Archives of images to images of the store: what `pybuild save`, docker, podman, skopeo and buildx write.

An archive that is an OCI layout is taken as such: the documents stay byte for byte what they are, and so do digests.
Only one without `index.json` is read by docker's `manifest.json`, for which a manifest has to be made.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from builder.errors import BuilderError, ImageError
from builder.images.docker_archive import docker_names, load_docker_images
from builder.images.fetch import Progress, copy_blob
from builder.images.select import choose, image_entries
from builder.images.sources.archive import Archive
from builder.images.sources.layout import LayoutSource
from builder.images.sources.types import DOCUMENT_LIMIT
from builder.images.stored import stored_image
from builder.layers.compress import MAGIC_SIZE, decompress, sniff
from builder.layers.members import FileSource
from builder.model import media_types
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.manifest import Index, Manifest
from builder.model.platform import Platform
from builder.model.reference import Reference
from builder.store.failures import storing
from builder.store.store import Store

_CHUNK = 1 << 20
_MOST_INDEXES = 4
_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")


class Loaded(NamedTuple):
    """One image, or one index, that an archive held."""

    id: Digest
    descriptor: Descriptor
    names: tuple[str, ...]
    """In familiar form; the image is kept without a name where the archive says none."""


@contextmanager
def opened_archive(store: Store, fd: int, label: str) -> Iterator[Archive]:
    """The archive on `fd` (a file or a pipe, compressed or not) for reading in any order, within the block."""
    with storing(store.folder("tmp")):
        if stat.S_ISREG(os.fstat(fd).st_mode) and not sniff(os.pread(fd, MAGIC_SIZE, 0)):
            yield Archive(label, fd)
            return
        from tempfile import TemporaryFile

        with TemporaryFile(dir=store.folder("tmp"), buffering=0) as spool:
            content = decompress(_Pipe(fd) if not stat.S_ISREG(os.fstat(fd).st_mode) else FileSource(fd))
            while data := content.read(_CHUNK):
                spool.write(data)
            yield Archive(label, spool.fileno())


def load_archive(
    store: Store, archive: Archive, platform: Platform | None = None, progress: Progress | None = None
) -> list[Loaded]:
    """Afterwards all images of the archive are in the store, or after an error none is named. With `platform` only
    that one of each index. Every blob is verified; what the store has is not read. Images that lose their names to
    them stay without one."""
    if archive.size("index.json") is not None:
        found = _Layout(store, archive, progress).load(platform)
    elif archive.size("manifest.json") is not None:
        images = load_docker_images(store, archive, progress)
        found = [Loaded(image.id, image.descriptor, names) for image, names in images]
    else:
        hint = "`pybuild import` makes an image of a root filesystem's tar"
        raise ImageError("bad-archive", f"{archive.path} has neither index.json nor manifest.json", hint=hint)
    for loaded in found:
        for name in loaded.names:
            store.refs.set(name, loaded.descriptor, keep_previous=True)
        if not loaded.names:
            store.refs.keep(loaded.descriptor)
    return found


class _Pipe:
    def __init__(self, fd: int) -> None:
        self._fd = fd

    def read(self, size: int, /) -> bytes:
        return os.read(self._fd, size)


class _Layout:
    """An OCI layout in an archive, to the store."""

    def __init__(self, store: Store, archive: Archive, progress: Progress | None) -> None:
        self._store = store
        self._archive = archive
        self._source = LayoutSource(f"oci-archive:{archive.path}", archive)
        self._progress = progress
        self._taken: dict[Digest, bool] = {}

    def load(self, platform: Platform | None) -> list[Loaded]:
        named: dict[Descriptor, list[str]] = {}
        for entry in image_entries(self._index("index.json")):
            plain = Descriptor(entry.media_type, entry.digest, entry.size)
            named.setdefault(plain, []).extend(_names(entry))
        if not named:
            raise ImageError("bad-archive", f"{self._archive.path}: index.json names no images")
        return [self._image(top, names, platform) for top, names in named.items()]

    def _image(self, top: Descriptor, names: list[str], platform: Platform | None) -> Loaded:
        name = names[0] if names else str(top.digest)
        if platform:
            top = self._of_platform(top, platform, name)
        if not self._take(top):
            raise ImageError(
                "bad-archive", f"{self._archive.path} lacks parts of {name}", hint="it was saved elsewhere"
            )
        image = stored_image(self._store, top, name)  # refuses what is no image, and an index of which nothing is here
        called = tuple(dict.fromkeys(names or self._docker_names(image.id)))
        return Loaded(top.digest if top.media_type in media_types.INDEXES else image.id, top, called)

    def _of_platform(self, top: Descriptor, platform: Platform, name: str) -> Descriptor:
        for _ in range(_MOST_INDEXES):
            if top.media_type not in media_types.INDEXES:
                return top
            entry = choose(self._index(_path(top), top), platform, name)
            top = Descriptor(entry.media_type, entry.digest, entry.size)
        raise ImageError("bad-index", f"{name} nests indexes too deeply")

    def _take(self, descriptor: Descriptor, depth: int = _MOST_INDEXES) -> bool:
        """Has the store keep the blob and all that it refers to; False where a part is missing. Of an index, one
        platform is enough, as of an image that was pulled for one. Looks at each document once."""
        if descriptor.digest not in self._taken:
            self._taken[descriptor.digest] = self._is_here(descriptor) and self._take_parts(descriptor, depth)
        return self._taken[descriptor.digest]

    def _take_parts(self, descriptor: Descriptor, depth: int) -> bool:
        if descriptor.media_type in media_types.INDEXES and depth:
            entries = self._index(_path(descriptor), descriptor)
            taken = [entry for entry in entries if self._take(entry, depth - 1)]
            complete = bool(image_entries(tuple(taken)))
        elif descriptor.media_type in media_types.MANIFESTS:
            manifest = Manifest.from_json(self._parsed(_path(descriptor), descriptor))
            parts = (*manifest.layers, manifest.config)
            complete = all(self._is_here(part) for part in parts)
            if complete:
                for part in parts:
                    self._copy(part)
        else:
            complete = False
        if complete:
            self._copy(descriptor)
        return complete

    def _is_here(self, descriptor: Descriptor) -> bool:
        in_store = self._store.blobs.has(descriptor.digest, descriptor.size)
        return in_store or self._archive.size(_path(descriptor)) == descriptor.size

    def _copy(self, descriptor: Descriptor) -> None:
        if not self._store.blobs.has(descriptor.digest, descriptor.size):
            copy_blob(self._store, self._source, descriptor, self._progress)

    def _index(self, path: str, descriptor: Descriptor | None = None) -> tuple[Descriptor, ...]:
        return Index.from_json(self._parsed(path, descriptor)).manifests

    def _parsed(self, path: str, descriptor: Descriptor | None = None) -> object:
        try:
            value: object = json.loads(self._document(path, descriptor))
        except (ValueError, RecursionError) as error:
            raise ImageError("bad-archive", f"{self._archive.path}: {path} is not JSON") from error
        return value

    def _document(self, path: str, descriptor: Descriptor | None) -> bytes:
        if descriptor and self._store.blobs.has(descriptor.digest, descriptor.size):
            return self._store.blobs.read(descriptor.digest)
        with self._archive.open(path) as file:
            data = file.read(DOCUMENT_LIMIT + 1)
        if len(data) > DOCUMENT_LIMIT:
            raise ImageError("bad-archive", f"{self._archive.path}: {path} is larger than any document can be")
        if descriptor and Digest.of(data) != descriptor.digest:
            raise ImageError("bad-archive", f"{self._archive.path} is damaged: {path} has other content")
        return data

    def _docker_names(self, identifier: Digest) -> tuple[str, ...]:
        """Names that stand in `manifest.json` only."""
        if self._archive.size("manifest.json") is None:
            return ()
        return docker_names(self._archive).get(f"blobs/{identifier.algorithm}/{identifier.hex}", ())


def _path(descriptor: Descriptor) -> str:
    return f"blobs/{descriptor.digest.algorithm}/{descriptor.digest.hex}"


def _names(entry: Descriptor) -> list[str]:
    """containerd's annotation has the whole name. OCI's has it too as podman and skopeo write it; a bare word there is
    a tag of a repository that nobody named."""
    whole, reference = (entry.annotation(key) or "" for key in _NAMES)
    text = whole or (reference if ":" in reference or "/" in reference else "")
    try:
        parsed = Reference.parse(text)
    except BuilderError:
        return []
    return [] if parsed.digest else [parsed.familiar]
