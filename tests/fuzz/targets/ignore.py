"""An ignore file, or patterns that come from an instruction, to what is left of a folder."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Sequence
from contextlib import closing
from random import Random

from builder.context.folder import FolderContext
from builder.context.ignore import IgnoreRules
from builder.context.statindex import StatIndex
from builder.errors import BuilderError
from builder.model.entry import Kind
from tests.fuzz.targets.target import REFUSED, Answer, Input
from tests.fuzz.text import changed, strung

_PIECES = [
    *(
        "\n",
        "\n",
        "\n!",
        "\n#",
        "\r\n",
        "!",
        "#",
        " ",
        "\t",
        "*",
        "*",
        "**",
        "**/",
        "/**",
        "*.",
        "?",
        "/",
        "/",
        "./",
        "../",
    ),
    *(
        "[",
        "]",
        "[a-c]",
        "[^a]",
        "[!a]",
        "[[:alpha:]]",
        "-",
        "^",
        "\\",
        "\\*",
        "\\d",
        "$",
        "(",
        ")",
        "|",
        "{",
        "+",
        ".",
        "...",
    ),
    *("a", "a", "b", "c", "ab", "a.b", "foo", "1", "\u00e9", "\ufeff"),
]
_NAMES = [
    "a",
    "a",
    "b",
    "c",
    "ab",
    "b.a",
    "foo",
    ".a",
    "1",
    "*",
    "[",
    "]",
    "!a",
    "#",
    " ",
    "\u00e9",
    "^",
    "-",
    "a\n",
    "\\",
    "$",
]
_NOT_READ = re.compile(r"\\[pPxQ0-7]")


class Ignore:
    """Paths that end in a slash are directories. `lines` says whether the text is a file or a pattern a line."""

    name = "ignore"
    peer = "bk-ignore"

    def make(self, random: Random, material: Sequence[Input]) -> Input:
        paths = sorted({_path(random) for _ in range(random.randint(1, 8))})
        others = [given["text"] for given in random.sample(material, min(4, len(material)))]
        if not others or random.random() < 0.7:
            text = strung(random, _PIECES, 16)
        else:
            text = changed(random, others[0], _PIECES, others[1:])
        return {"text": text, "file": random.random() < 0.8, "paths": _consistent(paths)}

    def read(self, text: str) -> Input | None:
        return None

    def texts(self, given: Input) -> dict[str, str]:
        return {"text": given["text"], "paths": "\0".join(given["paths"])}

    def with_text(self, given: Input, name: str, text: str) -> Input:
        if name == "text":
            return {**given, "text": text}
        return {**given, "paths": _consistent(text.split("\0"))}

    def answer(self, given: Input) -> Answer:
        try:
            rules = _rules(given)
        except BuilderError:
            return REFUSED
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            for path in given["paths"]:
                _make(os.path.join(folder, path))
            with closing(FolderContext(folder, rules, StatIndex(""))) as context:
                entries = list(context.walk(""))
        left = [entry.path + "/" * (entry.kind is Kind.DIRECTORY) for entry in entries if entry.path]
        return {"ok": True, "walk": sorted(left)}

    def question(self, given: Input, folder: str) -> str:
        patterns = {"text": given["text"]} if given["file"] else {"patterns": given["text"].split("\n")}
        return json.dumps({**patterns, "paths": given["paths"]})

    def understood(self, given: Input, reply: Answer) -> Answer:
        if not reply["ok"] or "walk_error" in reply:
            return REFUSED
        return {"ok": True, "walk": sorted(reply["walk"])}

    def excused(self, given: Input, ours: Answer, theirs: Answer) -> bool:
        """We refuse a malformed line that BuildKit never comes to ask, and what of Go's expressions is not read."""
        strict = bool(_NOT_READ.search(given["text"])) or "\n" in given["text"] or "!" in given["text"]
        return not ours["ok"] and theirs["ok"] and (strict or not given["paths"])


class _NoMemory:
    def recall(self, key: str) -> str | None:
        return None

    def remember(self, key: str, text: str) -> None:
        """Forgets it."""


def _rules(given: Input) -> IgnoreRules:
    if given["file"]:
        return IgnoreRules.parse(given["text"])
    return IgnoreRules.of_patterns(given["text"].split("\n"), _NoMemory())


def _path(random: Random) -> str:
    parts = [
        random.choice(_NAMES) + random.choice(("", "", "", random.choice(_NAMES))) for _ in range(random.randint(1, 4))
    ]
    return "/".join(parts) + random.choice(("", "", "/"))


def _consistent(paths: Sequence[str]) -> list[str]:
    """Those that a folder can have together."""
    kept: list[str] = []
    for path in paths:
        parts = path.rstrip("/").split("/")
        parents = ["/".join(parts[:count]) for count in range(1, len(parts))]
        if any(part in ("", ".", "..") or len(part.encode()) > 255 for part in parts) or len(path.encode()) > 3000:
            continue
        own = path.rstrip("/")
        is_parent = any(other.startswith(own + "/") for other in kept)
        if (
            own not in kept
            and f"{own}/" not in kept
            and not set(parents) & set(kept)
            and not (is_parent and own == path)
        ):
            kept.append(path)
    return kept


def _make(path: str) -> None:
    if path.endswith("/"):
        os.makedirs(path, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "x", encoding="utf-8"):
            pass
