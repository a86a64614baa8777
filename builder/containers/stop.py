"""Ending a container as its image wants it: its signal first, the hard way after a while."""

from __future__ import annotations

import signal

from builder.containers.client import ask, wait_for_end
from builder.containers.records import state_of
from builder.containers.start import signal_number
from builder.containers.types import Container
from builder.errors import StoreError
from builder.store.store import Store


def stop_container(store: Store, container: Container, seconds: int | None = None, by: str = "") -> None:
    """Afterwards it does not run; one that did not is no error."""
    if not state_of(store, container.id).running:
        return
    try:
        watch, _ = ask(store, container.id, container.name, {"do": "watch"})
        send_signal(store, container, by or container.stop_signal)
        patience = container.settings.stop_seconds if seconds is None else seconds
        if wait_for_end(watch, patience if patience >= 0 else None) is None:
            send_signal(store, container, str(int(signal.SIGKILL)))
            wait_for_end(watch)
        watch.close()
    except StoreError as error:
        if error.code != "not-running":  # it has ended meanwhile
            raise


def send_signal(store: Store, container: Container, text: str) -> None:
    """Raises StoreError `not-running`."""
    ask(store, container.id, container.name, {"do": "signal", "number": signal_number(text)})[0].close()


def wait_container(store: Store, container: Container) -> int:
    """Its exit code, when it has ended."""
    try:
        watch, _ = ask(store, container.id, container.name, {"do": "watch"})
    except StoreError:
        return state_of(store, container.id).exit_code
    status = wait_for_end(watch)
    watch.close()
    return status.code if status else 0
