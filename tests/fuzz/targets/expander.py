"""A word and an environment to its value, and to the words that it falls into."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from random import Random

from builder.errors import BuilderError
from builder.syntax.expand import expand, expand_heredoc, expand_words
from tests.fuzz.targets.target import REFUSED, Answer, Input
from tests.fuzz.text import changed, strung

_PIECES = [
    *(
        "$",
        "${",
        "}",
        "}",
        "$a",
        "${b}",
        "${q}",
        "${a:-",
        "${q-",
        "${q:+",
        "${a+",
        "${q:?",
        "${q?",
        "${a#",
        "${a##",
        "${a%",
    ),
    *(
        "${a%%",
        "${a/",
        "${b//",
        "/",
        "//",
        "#",
        "##",
        "%",
        ":",
        "-",
        "+",
        "?",
        "=",
        "*",
        "**",
        ".",
        "[",
        "]",
        "\\",
        "`",
    ),
    *(
        "\\\\",
        "\\*",
        "\\?",
        "'",
        '"',
        " ",
        "  ",
        "\t",
        "\n",
        "<<",
        "<",
        "a",
        "b",
        "ab",
        "x",
        "1",
        "$1",
        "$$",
        "$@",
        "_",
        "^",
    ),
]
_VALUES = ["a", "b", "ab", "*", "?", "/", "\\", "$", "'", '"', " ", "\n", ".", "0", "\u00e9", "\U0001f600"]
_SURROGATES = re.compile("[\ud800-\udfff]")


class Expander:
    name = "expander"
    peer = "bk-expand"

    def make(self, random: Random, material: Sequence[Input]) -> Input:
        env = {name: strung(random, _VALUES, 8) for name in random.sample(("a", "b", "c"), random.randint(0, 3))}
        escape = random.choice("\\\\\\`")
        others = [given["word"] for given in random.sample(material, min(4, len(material)))]
        if not others or random.random() < 0.6:
            word = strung(random, _PIECES)
        else:
            word = changed(random, others[0], _PIECES, others[1:])
        return {"word": word, "env": env, "escape": escape}

    def read(self, text: str) -> Input | None:
        """The lines of a Buildfile that have a variable, as one word."""
        lines = [line for line in text.split("\n") if "$" in line]
        return {"word": _SURROGATES.sub("", "\n".join(lines))[:400], "env": {}, "escape": "\\"} if lines else None

    def texts(self, given: Input) -> dict[str, str]:
        return {"word": given["word"], **{f"env {name}": value for name, value in given["env"].items()}}

    def with_text(self, given: Input, name: str, text: str) -> Input:
        if name == "word":
            return {**given, "word": text}
        return {**given, "env": {**given["env"], name.removeprefix("env "): text}}

    def answer(self, given: Input) -> Answer:
        word, env, escape = given["word"], given["env"], given["escape"]
        with suppress(BuilderError):  # the peer has no answer to compare this one with
            expand_heredoc(word, env)
        try:
            found = expand(word, env, escape)
            words = expand_words(word, env, escape)
        except BuilderError:
            return REFUSED
        used, unset = sorted(found.used), sorted(found.unset)
        return {"ok": True, "result": found.text, "words": words, "matched": used, "unmatched": unset}

    def question(self, given: Input, folder: str) -> str:
        return json.dumps({**given, "env": [f"{name}={value}" for name, value in given["env"].items()]})

    def understood(self, reply: Answer) -> Answer:
        return reply if reply["ok"] else REFUSED

    def excused(self, given: Input, ours: Answer, theirs: Answer) -> bool:
        return False
