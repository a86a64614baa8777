"""A Buildfile's bytes to its canonical form."""

from __future__ import annotations

import os
from collections.abc import Sequence
from random import Random

from builder.errors import BuilderError
from builder.syntax.form import to_json, to_text
from builder.syntax.nodes import INSTRUCTION_NAMES
from builder.syntax.parse import parse
from tests.fuzz.targets.target import REFUSED, Answer, Input
from tests.fuzz.text import changed, strung

_PIECES = [
    *(f"\n{name} " for name in INSTRUCTION_NAMES),
    *("\n", "\n", "\r\n", " \\\n", "\\\n", "`\n", "# escape=`\n", "# syntax=x\n", "# check=skip=all\n", "#c\n", "\n#"),
    *(" ", " ", "\t", "\\", "'", '"', "[", "]", '["a", "b"]', ",", "=", "a=b ", "a", "B", "1", "/", ".", ":", "@"),
    *(
        "--from=a ",
        "--mount=type=cache,target=/x ",
        "--mount=",
        "--x",
        "--",
        "--link ",
        "--chmod=0755 ",
        "--interval=1s ",
    ),
    *(
        "<<",
        "<<-",
        "<<EOF",
        "<<'E' ",
        "EOF",
        "\nEOF\n",
        "\n\tEOF\n",
        "\nE\n",
        "$",
        "${a:-",
        "}",
        "$((1<<2))",
        "|",
        "&&",
    ),
    *("NONE", "CMD ", "AS ", "as b", "scratch", "\u00a0", "\ufeff", "\udcff", "\udc80", "\udcc2", "\x00"),
]


class Parser:
    """The file is text in which a byte that is no UTF-8 is a surrogate escape."""

    name = "parser"
    peer = "bk-parse"

    def make(self, random: Random, material: Sequence[Input]) -> Input:
        others = [given["file"] for given in random.sample(material, min(4, len(material)))]
        if not others or random.random() < 0.3:
            text = strung(random, _PIECES, 40)
            return {"file": text if random.random() < 0.3 else f"FROM a{text}"}
        return {"file": changed(random, others[0], _PIECES, others[1:])}

    def read(self, text: str) -> Input | None:
        return {"file": text}

    def texts(self, given: Input) -> dict[str, str]:
        return dict(given)

    def with_text(self, given: Input, name: str, text: str) -> Input:
        return {"file": text}

    def answer(self, given: Input) -> Answer:
        try:
            file = parse(_bytes(given))
        except BuilderError:
            return REFUSED
        to_text(file).encode()
        return to_json(file)

    def question(self, given: Input, folder: str) -> str:
        path = os.path.join(folder, str(len(os.listdir(folder))))
        with open(path, "wb") as file:
            file.write(_bytes(given))
        return path

    def understood(self, given: Input, reply: Answer) -> Answer:
        return reply if reply["ok"] else REFUSED

    def excused(self, given: Input, ours: Answer, theirs: Answer) -> bool:
        """BuildKit's stable Dockerfile language has no RUN --device yet."""
        return not theirs["ok"] and "--device" in given["file"]


def _bytes(given: Input) -> bytes:
    text: str = given["file"]
    return text.encode("utf-8", "surrogateescape")
