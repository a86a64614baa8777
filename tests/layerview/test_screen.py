"""The full-screen view, key by key, without a terminal; and once on one."""

from __future__ import annotations

import asyncio
import os
import pty
import struct
import sys
import termios
from collections.abc import Awaitable, Callable
from fcntl import ioctl
from pathlib import Path

import pyte
from textual.pilot import Pilot
from textual.widgets import DataTable, Static, Tree

from builder.layerview.help import KEYS
from builder.layerview.screen import HelpScreen, LayerScreen
from tests.layerview.test_analysis import analysis
from tests.support.placed import put_image
from tests.support.stacks import stack_of

SCRIPTS = [
    [("write", "bin/sh", b"x" * 50, 0o755), ("write", "etc/conf", b"1", 0o644), ("write", "etc/gone", b"22", 0o644)],
    [("write", "etc/conf", b"333", 0o644), ("write", "app/[red]x", b"4444", 0o644), ("remove", "etc/gone", b"", 0)],
    [("write", "app/[red]x", b"55555", 0o644)],
]


def walk(steps: Callable[[Pilot[None], LayerScreen], Awaitable[None]]) -> None:
    async def run() -> None:
        stack = stack_of([list(script) for script in SCRIPTS])
        screen = LayerScreen("app:1.0", analysis(stack), stack.tables)
        async with screen.run_test(size=(120, 40)) as pilot:
            await pilot.pause()
            await steps(pilot, screen)

    asyncio.run(run())


def shown(screen: LayerScreen) -> list[str]:
    """The labels of the tree, folders indented by what they are in."""
    found = []
    pending = [(child, 0) for child in reversed(screen.query_one("#files", Tree).root.children)]
    while pending:
        node, depth = pending.pop()
        found.append(
            "." * depth + str(node.label).partition("  ")[0].strip() if depth else str(node.label)[:12].strip()
        )
        if node.is_expanded:
            pending += [(child, depth + 1) for child in reversed(node.children)]
    return found


def said(screen: LayerScreen) -> str:
    return str(screen.query_one("#shown", Static).render())


def test_layers_and_their_files() -> None:
    async def steps(pilot: Pilot[None], screen: LayerScreen) -> None:
        assert screen.query_one("#layers", DataTable).row_count == 3
        assert said(screen) == "layer 1: 3 files added, changed, removed"
        await pilot.press("down")
        await pilot.pause()
        assert said(screen) == "layer 2: 3 files added, changed, removed"
        assert [line.split("  ")[0].strip(". ") for line in shown(screen)] == [
            "A app/", "A [red]x", "etc/", "C conf", "D gone",
        ]  # fmt: skip
        details = str(screen.query_one("#details", Static).render())
        assert "layer 1" in details
        assert "hidden by higher layers" in details

    walk(steps)


def test_filters_search_and_order() -> None:
    async def steps(pilot: Pilot[None], screen: LayerScreen) -> None:
        await pilot.press("down", "c", "r")
        assert said(screen) == "layer 2: 1 file added"
        await pilot.press("c", "r", "u")
        assert said(screen) == "layer 2: 4 files added, changed, removed, unchanged"
        await pilot.press("slash", *"CONF")
        await pilot.pause()
        assert said(screen) == "layer 2: 1 file added, changed, removed, unchanged, with 'CONF'"
        await pilot.press("enter", "escape", "s")
        await pilot.pause()
        assert said(screen).endswith("unchanged, by size")
        assert shown(screen)[0].startswith("bin/")
        await pilot.press("s", "down", "m", "u")
        await pilot.pause()
        await pilot.press("tab", "tab", "tab")

    walk(steps)


def test_since_the_base_and_folders() -> None:
    async def steps(pilot: Pilot[None], screen: LayerScreen) -> None:
        await pilot.press("down", "down")
        await pilot.pause()
        assert said(screen).startswith("layer 3: 1 file ")
        await pilot.press("m")
        assert said(screen).startswith("all layers above the lowest: 3 files")
        await pilot.press("x")
        await pilot.pause()
        assert [line.split("  ")[0].strip(". ") for line in shown(screen)] == ["A app/", "etc/"]
        await pilot.press("e")
        await pilot.pause()
        assert len(shown(screen)) == 5

    walk(steps)


def test_wasted_files_and_help() -> None:
    async def steps(pilot: Pilot[None], screen: LayerScreen) -> None:
        await pilot.press("w")
        assert said(screen) == "3 files in several layers"
        wastes = screen.query_one("#wastes", DataTable)
        assert wastes.display
        assert [str(cell) for cell in wastes.get_row_at(0)] == ["9 B", "2, 3", "/app/[red]x"]
        await pilot.press("w", "question_mark")
        await pilot.pause()
        assert isinstance(screen.screen, HelpScreen)
        text = str(screen.screen.query_one(Static).render())
        assert all(key.says in text for key in KEYS)
        await pilot.press("q")
        await pilot.pause()
        assert said(screen).startswith("layer 1: "), "the help is gone, the view is not"
        await pilot.press("q")

    walk(steps)


def test_an_image_without_layers() -> None:
    async def run() -> None:
        screen = LayerScreen("scratch", analysis(stack_of([])), [])
        async with screen.run_test() as pilot:
            await pilot.press("down", "m", "e", "w", "q")

    asyncio.run(run())


def test_on_a_terminal(tmp_path: Path) -> None:
    root = str(tmp_path / "store")
    put_image(root, "app:1.0", [{"bin/": b"", "bin/sh": b"#!"}, {"app": b"x" * 3000}])
    pid, terminal = pty.fork()
    if not pid:
        os.environ["TERM"] = "xterm-256color"
        os.execv(sys.executable, [sys.executable, "-m", "builder", "--root", root, "layers", "app:1.0"])  # noqa: S606
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 110, 0, 0))
    display = pyte.Screen(110, 30)
    stream = pyte.ByteStream(display)
    _until(terminal, stream, lambda: "layer 1: 1 file " in "\n".join(display.display))
    os.write(terminal, b"\x1b[B")
    _until(terminal, stream, lambda: "layer 2: 1 file " in "\n".join(display.display))
    assert any("A app" in line and "3.0 kB" in line for line in display.display)
    os.write(terminal, b"q")
    _until(terminal, stream, lambda: False)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)


def _until(terminal: int, stream: pyte.ByteStream, done: Callable[[], bool]) -> None:
    """Reads what comes until `done`, or until the other side has ended."""
    while not done():
        try:
            data = os.read(terminal, 1 << 16)
        except OSError:  # EIO: nobody has the other side open
            return
        if not data:
            return
        stream.feed(data.replace(b"\x1b[>", b"\x1b[?"))  # pyte knows no private modes of this spelling
