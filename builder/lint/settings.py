"""Which rules count: `# check=skip=A,B;error=true;experimental=C` and its two other places.

BuildKit's reading to the letter: three parts at most, `skip=all` leaves experimental rules alone, and a comment above
an instruction is cut at its first blank and ignored where it is malformed.
"""

from __future__ import annotations

from typing import NamedTuple

from builder.errors import BuildfileError, Span
from builder.syntax.lines import read_directive
from builder.syntax.text import from_bytes

BUILD_ARGUMENT = "BUILDKIT_DOCKERFILE_CHECK"

_MOST_PARTS = 3
_BOM = b"\xef\xbb\xbf"
_BOOLEANS = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}


class Settings(NamedTuple):
    skip_all: bool = False
    skip: frozenset[str] = frozenset()
    experimental_all: bool = False
    experimental: frozenset[str] = frozenset()
    fails: bool = False
    """Findings fail the build."""

    @classmethod
    def parse(cls, text: str) -> Settings:
        """Raises BuildfileError `bad-check`."""
        settings = cls()
        for part in text.strip().split(";", _MOST_PARTS - 1) if text.strip() else ():
            name, equals, value = part.partition("=")
            value = value.strip()
            names = frozenset(word.strip() for word in value.split(","))
            match name.strip() if equals else "":
                case "skip":
                    settings = settings._replace(skip_all=value == "all", skip=names - {"all"})
                case "experimental":
                    settings = settings._replace(experimental_all=value == "all", experimental=names - {"all"})
                case "error" if value in _BOOLEANS:
                    settings = settings._replace(fails=_BOOLEANS[value])
                case _:
                    raise BuildfileError(
                        "bad-check",
                        f"not a setting of checks: {part.strip()!r}",
                        hint="skip=RULE,RULE or skip=all; error=true; experimental=RULE or experimental=all",
                    )
        return settings

    def merged(self, comments: tuple[str, ...]) -> Settings:
        """With what the first `check=` among the comments above an instruction adds."""
        for comment in comments:
            directive = read_directive(f"#{comment}")
            if directive is None or directive[0] != "check":
                continue
            try:
                other = Settings.parse(directive[1].partition(" ")[0])
            except BuildfileError:
                return self
            return Settings(
                self.skip_all or other.skip_all,
                self.skip | other.skip,
                self.experimental_all or other.experimental_all,
                self.experimental | other.experimental,
                self.fails,
            )
        return self

    def allow(self, rule: str, experimental: bool) -> bool:
        if experimental:
            return self.experimental_all or rule in self.experimental
        return not (self.skip_all or rule in self.skip)


def settings_of(data: bytes, file: str, build_args: dict[str, str]) -> Settings:
    """Those of a whole file; the build argument takes the directive's place. Raises BuildfileError `bad-check`."""
    if BUILD_ARGUMENT in build_args:
        return Settings.parse(build_args[BUILD_ARGUMENT])
    lines = data.removeprefix(_BOM).split(b"\n")
    for number, line in enumerate(lines, 1):
        if number == 1 and line.startswith(b"#!"):
            continue
        text = from_bytes(line)
        directive = read_directive(text)
        if directive is None:
            break
        if directive[0] == "check":
            try:
                return Settings.parse(directive[1].partition(" ")[0])
            except BuildfileError as error:
                raise error.at(Span(file, number, number, 1, text.rstrip("\r"))) from None
    return Settings()
