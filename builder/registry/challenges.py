"""What a 401 asks for (RFC 9110, section 11.6.1)."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import NamedTuple

_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)(?:\s+|$)(?=[A-Za-z]+\s*=|$)")
_PARAMETER = re.compile(r'\s*,?\s*([A-Za-z_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*')


class Challenge(NamedTuple):
    scheme: str
    """In lower case."""
    parameters: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        return dict(self.parameters).get(name, "")


def parse_challenges(header: str) -> tuple[Challenge, ...]:
    """The challenges of a WWW-Authenticate header; what can't be read ends the list."""
    with suppress(UnicodeError):  # headers come as Latin-1; registries that go beyond ASCII mean UTF-8
        header = header.encode("latin-1").decode("utf-8")
    challenges: list[Challenge] = []
    position = 0
    while scheme := _SCHEME.match(header, position):
        position = scheme.end()
        parameters = []
        while parameter := _PARAMETER.match(header, position):
            quoted, plain = parameter[2], parameter[3]
            value = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            parameters.append((parameter[1].lower(), value))
            position = parameter.end()
        challenges.append(Challenge(scheme[1].lower(), tuple(parameters)))
        position += len(header[position:]) - len(header[position:].lstrip(", "))
    return tuple(challenges)
