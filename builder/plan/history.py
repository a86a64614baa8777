"""Lines of an image's history, written as BuildKit writes them (Go's `%q`, `%v` and `%+v` included).

People and tools read and compare these lines, so a build by either program shows the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from builder.model.config import Healthcheck, History

COMMENT = "buildkit.dockerfile.v0"
_BUILT = " # buildkit"
_ESCAPES = {"\a": "a", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", "\v": "v", "\\": "\\", '"': '"'}
_UNITS = ((3600_000_000_000, "h"), (60_000_000_000, "m"))


def config_line(created_by: str) -> History:
    """An instruction that changes the config only."""
    return History(created_by, empty_layer=True, comment=COMMENT)


def layer_line(created_by: str) -> History:
    """RUN, COPY, ADD: an instruction that makes a layer."""
    return History(created_by + _BUILT, comment=COMMENT)


def exporter_line(step: str) -> History:
    """A layer that no instruction of the Buildfile made."""
    return History(step, comment="buildkit.exporter.image.v0")


def workdir_line(path: str, makes_layer: bool) -> History:
    """WORKDIR alone makes a layer without saying so in its text."""
    return History(f"WORKDIR {path}", empty_layer=not makes_layer, comment=COMMENT)


def run_text(argv: Sequence[str], arguments: Mapping[str, str]) -> str:
    """`RUN |2 A=1 B=2 /bin/sh -c make`: the build arguments that were in reach stand before the command."""
    words = [f"|{len(arguments)}"] if arguments else []
    words += [f"{name}={value}" for name, value in arguments.items()]
    return "RUN " + " ".join([*words, *argv])


def quoted_list(words: Iterable[str]) -> str:
    """Go's `%q` of a list of strings: `["a" "b"]`."""
    return f"[{' '.join(map(quoted, words))}]"


def plain_list(words: Iterable[str]) -> str:
    """Go's `%v` of a list of strings: `[a b]`."""
    return f"[{' '.join(words)}]"


def quoted(text: str) -> str:
    """Go's `%q` of one string (strconv.Quote). Bytes that are not UTF-8 arrive as surrogate escapes."""
    return f'"{"".join(map(_quoted_character, text))}"'


def _quoted_character(char: str) -> str:
    if char in _ESCAPES:
        return "\\" + _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def healthcheck_text(check: Healthcheck) -> str:
    """Go's `%+v` of moby's HealthcheckConfig."""
    durations = {
        "Interval": check.interval,
        "Timeout": check.timeout,
        "StartPeriod": check.start_period,
        "StartInterval": check.start_interval,
    }
    members = " ".join(f"{name}:{duration(value)}" for name, value in durations.items())
    return f"HEALTHCHECK {{Test:{plain_list(check.test)} {members} Retries:{check.retries}}}"


def duration(nanoseconds: int) -> str:
    """Go's `time.Duration.String`: `1m30s`, `1.5s`, `500ms`, `0s`."""
    if nanoseconds == 0:
        return "0s"
    for factor, unit in ((1, "ns"), (1000, "\u00b5s"), (1_000_000, "ms")):
        if nanoseconds < factor * 1000:
            return _decimal(nanoseconds, factor) + unit
    text, rest = "", nanoseconds
    for factor, unit in _UNITS:
        count, rest = divmod(rest, factor)
        text += f"{count}{unit}" if count or text else ""
    return f"{text}{_decimal(rest, 1_000_000_000)}s"


def _decimal(value: int, factor: int) -> str:
    whole, rest = divmod(value, factor)
    fraction = f"{rest:0{len(str(factor)) - 1}d}".rstrip("0") if rest else ""
    return f"{whole}.{fraction}" if fraction else str(whole)
