"""A word and an environment to its value, and to the words that it falls into, in each of the manners of BuildKit's
lexer that a build uses."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from builder.errors import BuilderError
from builder.syntax.evaluate import Policy
from builder.syntax.expand import Expansion, expand, expand_heredoc, expand_words, split_words
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


class Manner(NamedTuple):
    options: dict[str, bool]
    """The peer's, beside the word."""
    policy: Policy | None = None
    """Ours; None is not for words alone."""


_MANNERS = {
    "word": Manner({}),
    "heredoc": Manner({"skip_quotes": True}),
    "line": Manner({"raw_quotes": True, "raw_escapes": True, "skip_unset": True}, Policy(True, True, True)),
    "quoted": Manner({"raw_quotes": True, "skip_unset": True}, Policy(keep_quotes=True, keep_unset=True)),
    "plain": Manner({"skip_unset": True}, Policy(keep_unset=True)),
}


class Expander:
    """Instructions have words; the body of a heredoc is one; the other manners find out what heredocs a line opens."""

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
        manner = random.choice(("word", "word", "word", *_MANNERS))
        return {"word": word, "env": env, "escape": "\\" if manner == "heredoc" else escape, "manner": manner}

    def read(self, text: str) -> Input | None:
        """The lines of a Buildfile that have a variable, as one word."""
        lines = [line for line in text.split("\n") if "$" in line]
        word = _SURROGATES.sub("", "\n".join(lines))[:400]
        return {"word": word, "env": {}, "escape": "\\", "manner": "word"} if lines else None

    def texts(self, given: Input) -> dict[str, str]:
        return {"word": given["word"], **{f"env {name}": value for name, value in given["env"].items()}}

    def with_text(self, given: Input, name: str, text: str) -> Input:
        if name == "word":
            return {**given, "word": text}
        return {**given, "env": {**given["env"], name.removeprefix("env "): text}}

    def answer(self, given: Input) -> Answer:
        word, env, escape = given["word"], given["env"], given["escape"]
        policy = _MANNERS[given["manner"]].policy
        try:
            if policy is not None:
                return {"ok": True, "words": split_words(word, env, policy, escape)}
            if given["manner"] == "heredoc":
                return _answer(expand_heredoc(word, env))
            return _answer(expand(word, env, escape)) | {"words": expand_words(word, env, escape)}
        except BuilderError:
            return REFUSED

    def question(self, given: Input, folder: str) -> str:
        asked = {name: value for name, value in given.items() if name != "manner"}
        options = _MANNERS[given["manner"]].options
        return json.dumps({**asked, **options, "env": [f"{name}={value}" for name, value in given["env"].items()]})

    def understood(self, given: Input, reply: Answer) -> Answer:
        """Not all of it is of use in every manner."""
        if not reply["ok"]:
            return REFUSED
        if _MANNERS[given["manner"]].policy is not None:
            return {"ok": True, "words": reply["words"]}
        return {name: value for name, value in reply.items() if name != "words" or given["manner"] == "word"}

    def excused(self, given: Input, ours: Answer, theirs: Answer) -> bool:
        return False


def _answer(found: Expansion) -> Answer:
    used, unset = sorted(found.used), sorted(found.unset)
    return {"ok": True, "result": found.text, "matched": used, "unmatched": unset}
