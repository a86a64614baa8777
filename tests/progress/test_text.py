from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.progress.text import LineCutter, printable


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("plain\ttext", "plain\ttext"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[10;3Hmoved", "moved"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;stolen", ""),
        ("\x1bPdevice\x1b\\x", "x"),
        ("\x1bcreset", "reset"),
        ("\x1b(0lines", "lines"),
        ("\x9b31mred", "red"),
        ("\x9d0;title\x9cx", "x"),
        ("bell\x07 back\x08 nul\0", "bell back nul"),
        ("\u202etfel\u2066", "tfel"),
        ("end\x1b", "end"),
        ("caf\u00e9 \u754c", "caf\u00e9 \u754c"),
        ("bad \udcff", "bad ?"),
        ("two\nlines", "two lines"),
    ],
)
def test_nothing_steers_the_terminal(line: str, shown: str) -> None:
    assert printable(line) == shown


@given(st.text(alphabet=st.characters(codec=None), max_size=60) | st.text("\x1b[]0;mPX\\\x07\x9b\x9c ~a", max_size=30))
def test_no_control_character_survives(line: str) -> None:
    shown = printable(line)
    assert not any(char != "\t" and (char < " " or "\x7f" <= char <= "\x9f") for char in shown)
    assert printable(shown) == shown
    shown.encode()


@given(st.lists(st.sampled_from([b"a", b"\n", b"\r", b"\xc3", b"\xa9", b"\x1b[", b"1m", b" "]), max_size=30), st.data())
def test_lines_do_not_depend_on_how_the_output_arrives(parts: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    at_once, in_pieces = LineCutter(), LineCutter()
    expected = at_once.feed(whole) + at_once.finish()
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        found += in_pieces.feed(whole[start:end])
    assert found + in_pieces.finish() == expected


def test_a_rewritten_line_shows_its_last_state() -> None:
    cutter = LineCutter()
    assert cutter.feed(b"one\r\n10%\r50%") == ["one"]
    assert cutter.partial() == "50%"
    assert cutter.feed(b"\r99%\r\nnext") == ["99%"]
    assert cutter.finish() == ["next"]
    assert cutter.finish() == []


def test_output_without_line_ends_does_not_pile_up() -> None:
    cutter = LineCutter()
    lines = [line for _ in range(100) for line in cutter.feed(b"x" * 10_000)]
    assert sum(len(line) for line in lines) + len(cutter.partial()) == 1_000_000
    assert len(cutter.partial()) <= 65536
