"""What the steps of one build work with."""

from __future__ import annotations

from collections.abc import Callable

from builder.lean import TYPE_CHECKING, NamedTuple
from builder.model.platform import Platform

if TYPE_CHECKING:
    from contextlib import ExitStack

    from builder.cache.memo import Derived
    from builder.context.filetree import Context
    from builder.images.claims import Claims
    from builder.images.fetch import Progress
    from builder.images.sources.types import OpenSource
    from builder.model.layer import Layer
    from builder.sandbox.worker import Worker
    from builder.store.store import Store
    from builder.store.trees import Remover


class Kitchen(NamedTuple):
    """The callables make their thing when they are first called, and give the same one afterwards: most builds do
    without one or the other."""

    store: Store
    context: Callable[[str], Context]
    """By the name of a named context; empty: the main one."""
    worker: Callable[[], Worker]
    open_source: OpenSource
    fetching: Progress
    """Hears of layers that are fetched."""
    remove_tree: Remover
    """Also of trees whose files belong to users that only the worker may act for."""
    derived: Derived
    host: Platform
    """This machine."""
    secret: Callable[[str], bytes | None]
    """The value of a secret; None where none was given."""
    agent: Callable[[str], str | None]
    """The socket of an SSH agent, likewise."""
    claims: Claims
    """What is said of layers that are not here."""
    opened: ExitStack
    """Ends with the build."""
    stop_fetching: Callable[[], None] = lambda: None
    """Whoever waits for a layer to arrive gets an error now."""
    mount_archive: Callable[[str], Layer | None] = lambda _: None
    """What a new cache mount begins with, by what it is known by: an archive that the store has."""
    project: str = ""
    """The folder that is built, where it is one: what is laid out of it is kept for the next build."""
    runtime: str = "native"
    epoch: int | None = None
    failed: str = ""
    """Where the files of a RUN that failed are kept; empty: nowhere."""
