"""A container's own files as one more layer on its image's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import NamedTuple

from builder.containers.changes import own_rootfs
from builder.containers.client import ask
from builder.containers.records import state_of
from builder.containers.times import now
from builder.containers.tools import Tools
from builder.containers.types import Container
from builder.errors import StoreError
from builder.images.assemble import Ingredients, assemble
from builder.images.stored import Image
from builder.model.config import History, ImageConfig
from builder.model.layer import Chain
from builder.model.reference import parse_tag
from builder.steps.difference import pack_upper


class Commit(NamedTuple):
    name: str = ""
    """Of the new image; empty: none."""
    message: str = ""
    author: str = ""
    edit: Callable[[ImageConfig], ImageConfig] = lambda config: config
    """Changes the configuration that the container was run with."""
    pause: bool = True
    epoch: int | None = None
    """SOURCE_DATE_EPOCH."""


def commit_container(container: Container, tools: Tools, wanted: Commit) -> Image:
    """Afterwards the image is in the store: the container's image, one layer more, and the configuration that the
    container was run with. The same files give the same layer."""
    name = parse_tag(wanted.name) if wanted.name else ""
    config = wanted.edit(container.config)
    layers = all_layers(container, tools, wanted.pause, wanted.epoch)
    entry = History(" ".join(container.argv), comment=wanted.message, author=wanted.author)
    author = wanted.author or config.author
    image = assemble(
        tools.store,
        Ingredients(
            config=config._replace(author=author),
            history=(entry,),
            layers=layers,
            created=(now(),),
            epoch=wanted.epoch,
        ),
    )
    if name:
        tools.store.refs.set(name, image.descriptor, keep_previous=True)
    else:
        tools.store.refs.keep(image.descriptor)
    return image


def all_layers(container: Container, tools: Tools, pause: bool, epoch: int | None = None) -> Chain:
    """The image's layers and the container's own files as one more, which is in the store until a prune takes it, or
    for as long as an image has it."""
    with _at_rest(container, tools, pause):
        own = pack_upper(own_rootfs(container, tools), tools.store, tools.worker, epoch)
    return (*container.layers, own)


@contextmanager
def _at_rest(container: Container, tools: Tools, pause: bool) -> Iterator[None]:
    """Nothing in the container writes meanwhile. It goes on when the connection ends, however we end."""
    with ExitStack() as opened:
        if pause and state_of(tools.store, container.id).running:
            with suppress(StoreError):  # it has ended meanwhile
                sock, _ = ask(tools.store, container.id, container.name, {"do": "pause"})
                opened.callback(sock.close)
        yield
