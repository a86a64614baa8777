"""A root filesystem in a tar archive to an image of one layer."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from builder.errors import ImageError
from builder.images.assemble import Ingredients, assemble, timestamp
from builder.images.keep import keep_layer
from builder.images.stored import Image
from builder.layers.archive import archive_items
from builder.layers.pack import pack
from builder.model.config import History, ImageConfig, RunConfig
from builder.model.entry import Entry
from builder.model.layer import Layer
from builder.model.platform import Platform
from builder.store.store import Store

_CHUNK = 1 << 20
CREATED_BY = "pybuild import"


class ImportOptions(NamedTuple):
    platform: Platform
    config: RunConfig = RunConfig()
    message: str = ""
    epoch: int | None = None
    """SOURCE_DATE_EPOCH."""


def import_image(store: Store, archive: int, options: ImportOptions, name: str = "") -> Image:
    """Afterwards the image is in the store, as `name` (in familiar form) or without a name. `archive` is a descriptor
    on a tar file or a pipe, compressed or not. The same files give the same image, in whatever order and format the
    archive has them: the newest file tells when the image was made, and no clock is asked."""
    layer, table = _layer(store, archive, options.epoch)
    if not table:
        raise ImageError("empty-archive", "the archive holds no files", hint="give the tar of a root filesystem")
    created = timestamp(max(0, *(entry.mtime for entry in table)))
    history = History(CREATED_BY, comment=options.message)
    config = ImageConfig(options.platform, options.config)
    image = assemble(store, Ingredients(config, (history,), (layer,), (created,)))
    if name:
        store.refs.set(name, image.descriptor)
    else:
        store.refs.keep(image.descriptor)
    return image


def _layer(store: Store, archive: int, epoch: int | None) -> tuple[Layer, Sequence[Entry]]:
    spool = store.folder("tmp")
    with _file(archive, spool) as fd, archive_items(fd, spool) as items:
        files = [item for item in items if item[0].path]
        return keep_layer(store, lambda writer: pack(files, writer, epoch))


@contextmanager
def _file(fd: int, spool_directory: str) -> Iterator[int]:
    """The archive as a file that can be read in any order."""
    if stat.S_ISREG(os.fstat(fd).st_mode):
        yield fd
        return
    from tempfile import TemporaryFile

    with TemporaryFile(dir=spool_directory, buffering=0) as spool:
        while chunk := os.read(fd, _CHUNK):
            spool.write(chunk)
        yield spool.fileno()
