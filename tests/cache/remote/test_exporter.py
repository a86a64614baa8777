"""Layers on their way while a build runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from builder.cache.remote.exporter import Exporter, Target
from builder.images.destinations.types import Content
from builder.images.sources.types import Document
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.registry.upload import Pushed
from builder.store.store import Store
from tests.cache.samples import record_of


class Endless:
    """A layer whose end nobody waits for."""

    origin = "endless"

    def document(self, reference: str) -> Document:
        raise AssertionError(reference)

    def digest(self, reference: str) -> Digest | None:
        raise AssertionError(reference)

    def blob(self, descriptor: Descriptor, start: int = 0) -> Iterator[bytes]:  # noqa: ARG002
        while True:
            yield b"x"

    def tail(self, descriptor: Descriptor, start: int) -> bytes:
        raise AssertionError(descriptor, start)


class Slow:
    """Takes what comes."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.names: list[str] = []

    def has_document(self, descriptor: Descriptor) -> bool:  # noqa: ARG002
        return False

    def has_blob(self, descriptor: Descriptor) -> bool:  # noqa: ARG002
        return False

    def put_blob(self, descriptor: Descriptor, content: Content, known_at: tuple[str, ...]) -> Pushed:  # noqa: ARG002
        for _ in content(0):
            self.begun.set()
        return Pushed.SENT

    def put_document(self, document: Document) -> None:
        raise AssertionError(document)

    def name(self, document: Document, name: str) -> None:  # noqa: ARG002
        self.names.append(name)


def test_an_upload_ends_with_its_build(store: Store) -> None:
    slow = Slow()
    exporter = Exporter(Target("there", slow, "registry:there", "latest"), store, Endless(), lambda _: True)
    exporter.keep(record_of(store, "word"))
    slow.begun.wait()
    exporter.stop()
    assert slow.names == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("cache-to")]
