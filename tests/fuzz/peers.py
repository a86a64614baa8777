"""BuildKit's answers: its packages behind programs that read questions and write answers, a line each.

bk-parse    a path -> {"ok", "directives", "instructions"}, or {"ok": false}: dockerfile/parser and /instructions
bk-expand   {"word", "env": ["K=V"], "escape", and true for what the lexer is to do: "raw_quotes", "raw_escapes",
            "skip_quotes", "skip_unset"} -> {"ok", "result", "words", "matched", "unmatched"}: dockerfile/shell
bk-ignore   {"text"} or {"patterns"}, and {"paths"} -> {"ok", "walk"}: ignorefile, patternmatcher, fsutil's walk
bk-match    {"pattern", "name"} -> {"ok", "match"}: filepath.Match
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence

from tests.fuzz.targets.target import Answer, Input, Target

_SECONDS = 60


def find(target: Target, folder: str) -> str:
    """The path of the peer's program; empty where there is none."""
    return shutil.which(target.peer, path=folder or None) or ""


def ask(target: Target, program: str, inputs: Sequence[Input]) -> list[Answer | None]:
    """An answer for each input; None where the peer crashed or took too long."""
    if not inputs:
        return []
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        questions = [target.question(given, folder) for given in inputs]
        replies = _converse(program, questions, folder)
    if replies is not None:
        return [target.understood(given, reply) for given, reply in zip(inputs, replies, strict=True)]
    if len(inputs) == 1:
        return [None]
    middle = len(inputs) // 2
    return ask(target, program, inputs[:middle]) + ask(target, program, inputs[middle:])


def _converse(program: str, questions: Sequence[str], folder: str) -> list[Answer] | None:
    try:
        done = subprocess.run(
            [program],
            input="".join(f"{question}\n" for question in questions).encode(),
            env={**os.environ, "TMPDIR": folder},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    return replies if done.returncode == 0 and len(replies) == len(questions) else None
