"""One target's run: inputs in batches, because a peer answers many as quickly as one."""

from __future__ import annotations

import json
import traceback
from collections.abc import Sequence
from pathlib import Path
from random import Random

from builder.errors import BuilderError
from tests.fuzz import peers
from tests.fuzz.growth import TooSlowError, grown, grows_too_fast, limited
from tests.fuzz.seeds import save
from tests.fuzz.shrink import shrink
from tests.fuzz.targets.target import Answer, Input, Target

BATCH = 250
_EVERY = 25
"""Of so many inputs one is grown."""
_MOST_FINDINGS = 40
"""After that many a target has had enough; they are seldom all of different kinds."""


class Run:
    def __init__(self, target: Target, seed: int, material: Sequence[Input], peer: str, folder: Path | None) -> None:
        self.findings = 0
        self._target = target
        self._seed = seed
        self._material = material
        self._peer = peer
        self._folder = folder
        self._done = 0
        self._refused = 0
        self._unanswered = 0

    def next_batch(self) -> None:
        if self.findings >= _MOST_FINDINGS:
            return
        inputs = [self._make(number) for number in range(self._done, self._done + BATCH)]
        answers = [self._answer(number, given) for number, given in enumerate(inputs, self._done)]
        self._refused += sum(answer is not None and not answer["ok"] for answer in answers)
        if self._peer:
            for given, ours, theirs in zip(inputs, answers, peers.ask(self._target, self._peer, inputs), strict=True):
                self._unanswered += theirs is None
                if ours is not None and theirs is not None and self._differ(given, ours, theirs):
                    self._report("another answer", shrink(self._target, given, self._still_differs))
        for number in range(self._done, self._done + BATCH, _EVERY):
            self._grow(number, inputs[number - self._done])
        self._done += BATCH

    def summary(self) -> str:
        text = f"{self._target.name}: {self._done} inputs, {self._refused} refused, {self.findings} findings"
        return f"{text}, {self._unanswered} without an answer of the peer" if self._unanswered else text

    def _make(self, number: int) -> Input:
        return self._target.make(Random(f"{self._seed}/{self._target.name}/{number}"), self._material)

    def _answer(self, number: int, given: Input) -> Answer | None:
        """None if there is a finding instead."""
        kind = self._fault(given)
        if kind:
            print(f"input {number} of seed {self._seed}")
            self._report(kind, shrink(self._target, given, lambda tried: self._fault(tried) == kind))
            return None
        return self._target.answer(given)

    def _fault(self, given: Input) -> str:
        try:
            with limited():
                self._target.answer(given)
        except TooSlowError:
            return "too slow"
        except BuilderError as error:
            return f"an error where none should come from: {error.code}"
        except Exception as error:  # noqa: BLE001 - every kind of it is what is looked for
            last = traceback.extract_tb(error.__traceback__)[-1]
            return f"{type(error).__name__} in {Path(last.filename).name}, {last.name}"
        return ""

    def _grow(self, number: int, given: Input) -> None:
        seed = f"{self._seed}/{self._target.name}/{number}/grown"
        try:
            if grows_too_fast(self._target, given, seed):
                self._report("work grows faster than input", grown(Random(seed), self._target, given, 200))
        except TooSlowError:
            self._report("too slow when it grows", grown(Random(seed), self._target, given, 200))
        except Exception:  # noqa: BLE001 - as above
            self._report(f"crash when it grows: {traceback.format_exc()}", given)

    def _differ(self, given: Input, ours: Answer, theirs: Answer) -> bool:
        return ours != theirs and not self._target.excused(given, ours, theirs)

    def _still_differs(self, given: Input) -> bool:
        if self._fault(given):
            return False
        (theirs,) = peers.ask(self._target, self._peer, [given])
        return theirs is not None and self._differ(given, self._target.answer(given), theirs)

    def _report(self, kind: str, given: Input) -> None:
        self.findings += 1
        print(f"FINDING {self._target.name}: {kind}\n  {json.dumps(given)}")
        theirs: Answer | None = None
        if self._peer:
            (theirs,) = peers.ask(self._target, self._peer, [given])
        if kind == "another answer":
            print(f"  ours   {json.dumps(self._target.answer(given))}\n  theirs {json.dumps(theirs)}")
        if self._folder:
            print(f"  kept as {save(self._folder, given, kind, theirs)}", flush=True)
