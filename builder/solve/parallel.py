"""The second phase of a solve: stages that still have work, each on a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from builder.errors import BuilderError
from builder.solve.types import Record

if TYPE_CHECKING:
    from builder.solve.solver import Solver
    from builder.solve.state import StageState

PARALLEL_STEPS = 16
"""How many steps run at once at the most; more would only compete for memory."""


class Canceled(BuilderError):  # noqa: N818 - a signal to threads, not a fault
    """A step was stopped because another failed or the user interrupted."""

    def __init__(self) -> None:
        super().__init__("canceled", "canceled")


class Flights:
    """Steps under way, by key: two stages that need the same step share one run of it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[str, threading.Event] = {}
        self._landed: dict[str, Record] = {}
        self._slots = threading.BoundedSemaphore(PARALLEL_STEPS)
        self.is_canceled = False

    def once(self, key: str, run: Callable[[], Record]) -> tuple[Record, bool]:
        """The record for `key`, and whether this call ran it."""
        while True:
            with self._lock:
                if self.is_canceled:
                    raise Canceled
                if key in self._landed:
                    return self._landed[key], False
                other = self._under_way.get(key)
                if other is None:
                    self._under_way[key] = landed = threading.Event()
                    break
            other.wait()
        try:
            with self._slots:
                record = run()
            self._landed[key] = record
            return record, True
        finally:
            with self._lock:
                del self._under_way[key]
            landed.set()

    def cancel(self) -> None:
        with self._lock:
            self.is_canceled = True


class _Stages:
    """The threads, and the condition on which stages wait for one another."""

    def __init__(self, solver: Solver) -> None:
        self.solver = solver
        self.flights = Flights()
        self.changed = threading.Condition()
        self.error: BaseException | None = None
        self.waiting = [state for state in solver.states.values() if not state.is_done]
        self.working = 0
        """Threads at work. One that starts after a cancellation ends without having done anything."""

    def start(self) -> None:
        for state in self.waiting:
            threading.Thread(target=self._stage, args=(state,), name=state.stage.title, daemon=True).start()

    def wait(self) -> None:
        """Until all is done or canceled, and no stage is worked on any more. Not by `Thread.join`: interrupted once, it
        takes a thread that still runs for ended (CPython 3.11), and what that thread had to clear up would stay."""
        with self.changed:
            self.changed.wait_for(lambda: not self.working and self._is_over())

    def _is_over(self) -> bool:
        return self.flights.is_canceled or all(state.is_done for state in self.waiting)

    def _stage(self, state: StageState) -> None:
        with self.changed:
            self.working += 1
        try:
            self._carry_out(state)
        finally:
            with self.changed:
                self.working -= 1
                self.changed.notify_all()

    def _carry_out(self, state: StageState) -> None:
        try:
            while not state.is_done:
                self._wait_for_inputs(state)
                self._take_one(state)
                with self.changed:
                    self.changed.notify_all()
        except Canceled:
            pass
        except BaseException as error:  # noqa: BLE001 - handed to the calling thread, which raises it
            self.fail(error)

    def _wait_for_inputs(self, state: StageState) -> None:
        with self.changed:
            self.changed.wait_for(lambda: self.flights.is_canceled or self.solver.can_go_on(state))
        if self.flights.is_canceled:
            raise Canceled

    def _take_one(self, state: StageState) -> None:
        if not state.started:
            self.solver.start(state)
            return
        step = state.next_step
        if step is None:
            return
        decision = state.pending = state.pending or self.solver.decide(step, state)
        if decision.record is not None:
            self.solver.take_hit(state, decision, decision.record)
        else:
            self.solver.carry_out(state, decision, self.flights)

    def fail(self, error: BaseException) -> None:
        with self.changed:
            if self.error is None:
                self.error = error
            self.flights.cancel()
            self.changed.notify_all()
        self.solver.runner.cancel()


def run_stages(solver: Solver) -> None:
    """All stages done. Raises the first error, or KeyboardInterrupt, when no thread works any more."""
    stages = _Stages(solver)
    try:
        stages.start()
        stages.wait()
    except KeyboardInterrupt as interrupt:
        stages.fail(interrupt)
        stages.wait()
    if stages.error is not None:
        raise stages.error
