"""An OCI image layout, in a directory or in a tar archive of one (OCI image-spec, image-layout.md)."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from typing import BinaryIO, Protocol

from builder.errors import ImageError
from builder.images.select import image_entries
from builder.images.sources.types import DOCUMENT_LIMIT, Document
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.manifest import Index
from builder.model.reference import DEFAULT_TAG

DIRECTORY = "oci-layout"
ARCHIVE = "oci-archive"
_NAMES = ("org.opencontainers.image.ref.name", "io.containerd.image.name")
_CHUNK = 1 << 18


class Files(Protocol):
    """Named files below one root."""

    def open(self, name: str) -> BinaryIO:
        """Raises KeyError when there is no such regular file."""


class Folder:
    """Files of a directory."""

    def __init__(self, path: str) -> None:
        self._path = path

    def open(self, name: str) -> BinaryIO:
        try:
            fd = os.open(f"{self._path}/{name}", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise KeyError(name) from error
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise KeyError(name)
        return open(fd, "rb")


class LayoutSource:
    """A layout; `files` tells whether it is unpacked."""

    def __init__(self, origin: str, files: Files) -> None:
        self.origin = origin
        self._files = files

    @classmethod
    def of_directory(cls, path: str) -> LayoutSource:
        return cls(f"{DIRECTORY}:{path}", Folder(path))

    @classmethod
    def of_archive(cls, path: str) -> LayoutSource:
        from builder.images.sources.archive import Archive

        return cls(f"{ARCHIVE}:{path}", Archive(path))

    def document(self, reference: str) -> Document:
        descriptor = self._digest(reference) if reference.startswith("sha256:") else self._named(reference)
        data = b"".join(self.blob(descriptor))
        if Digest.of(data) != descriptor.digest or len(data) != descriptor.size:
            raise ImageError("bad-layout", f"{self._place} is damaged: {descriptor.digest} has other content")
        return Document(descriptor, data)

    def digest(self, reference: str) -> Digest | None:  # noqa: ARG002 - the document is as near
        return None

    def blob(self, descriptor: Descriptor, start: int = 0) -> Iterator[bytes]:
        name = f"blobs/{descriptor.digest.algorithm}/{descriptor.digest.hex}"
        left = descriptor.size - start
        with self._open(name) as file:
            _skip(file, start)
            while left and (chunk := file.read(min(_CHUNK, left))):
                left -= len(chunk)
                yield chunk

    def tail(self, descriptor: Descriptor, start: int) -> bytes:
        return b"".join(self.blob(descriptor, start))

    def _named(self, tag: str) -> Descriptor:
        """The entry of `index.json` that `tag` means; a layout with one image needs no tag, one
        with several has `latest` without being asked for it."""
        with self._open("index.json") as file:
            data = file.read(DOCUMENT_LIMIT)
        try:
            entries = image_entries(Index.from_json(json.loads(data)).manifests)
        except (ValueError, RecursionError) as error:
            raise ImageError("bad-layout", f"index.json of {self._place} is not JSON") from error
        fitting = [entry for entry in entries if _has_name(entry, tag)] if tag else entries
        if len(fitting) > 1 and not tag:
            fitting = [entry for entry in entries if _has_name(entry, DEFAULT_TAG)] or fitting
        if not fitting or (len(fitting) > 1 and not tag):
            names = sorted({name for entry in entries if (name := entry.annotation(_NAMES[0]))})
            what = f"no image {tag!r}" if tag else f"{len(entries)} images"
            hint = f"name one of: {', '.join(names)}" if names else "it has no named images"
            raise ImageError("image-not-found", f"{self._place} has {what}", hint=hint)
        return _checked(fitting[-1])

    def _digest(self, text: str) -> Descriptor:
        """A document by its digest alone: its own words tell the media type."""
        digest = Digest.parse(text)
        with self._open(f"blobs/{digest.algorithm}/{digest.hex}") as file:
            data = file.read(DOCUMENT_LIMIT)
        try:
            media_type = json.loads(data).get("mediaType")
        except (ValueError, RecursionError, AttributeError) as error:
            raise ImageError("bad-layout", f"{digest} of {self._place} is not a manifest") from error
        return Descriptor(str(media_type), digest, len(data))

    def _open(self, name: str) -> BinaryIO:
        try:
            return self._files.open(name)
        except KeyError as error:
            hint = "an OCI layout has index.json and a folder blobs"
            raise ImageError("bad-layout", f"{self._place} has no {name}", hint=hint) from error

    @property
    def _place(self) -> str:
        return self.origin.partition(":")[2]


def _skip(file: BinaryIO, count: int) -> None:
    if file.seekable():
        file.seek(count)
    while not file.seekable() and count and (chunk := file.read(min(_CHUNK, count))):
        count -= len(chunk)


def _has_name(entry: Descriptor, tag: str) -> bool:
    return any(entry.annotation(key) == tag for key in _NAMES)


def _checked(descriptor: Descriptor) -> Descriptor:
    if descriptor.size > DOCUMENT_LIMIT:
        raise ImageError("bad-layout", f"a manifest of {descriptor.size} bytes is larger than any can be")
    return descriptor
