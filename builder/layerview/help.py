"""The keys of the full-screen view: what they do, for the view itself and for its help."""

from __future__ import annotations

from typing import NamedTuple


class Key(NamedTuple):
    key: str
    """As textual names it."""
    shown: str
    action: str
    """A method of the screen, without its `action_`; empty for keys of the widgets."""
    short: str
    """In the last line of the screen; empty: only in the help."""
    says: str


KEYS = (
    Key("", "↑ ↓", "", "", "go through layers, or files"),
    Key("", "tab", "", "", "from the layers to the files and back"),
    Key("", "enter", "", "", "open or close a folder"),
    Key("a", "a", "toggle_state('added')", "added", "show or hide what the layer added"),
    Key("c", "c", "toggle_state('changed')", "changed", "show or hide what it changed"),
    Key("r", "r", "toggle_state('removed')", "removed", "show or hide what it removed"),
    Key("u", "u", "toggle_state('unchanged')", "unchanged", "show or hide what the layers below have"),
    Key("m", "m", "toggle_since_base", "since base", "this layer alone, or all above the lowest together"),
    Key("s", "s", "toggle_by_size", "by size", "the largest first, or by name"),
    Key("slash", "/", "search", "search", "only paths with a text in them; esc ends it"),
    Key("escape", "esc", "end_search", "", "all paths again"),
    Key("e", "e", "expand", "", "open all folders"),
    Key("x", "x", "collapse", "", "close all folders"),
    Key("w", "w", "toggle_wastes", "wasted", "files that several layers hold, the largest first"),
    Key("question_mark", "?", "help", "help", "this list"),
    Key("q", "q", "quit", "quit", "back to the shell"),
)


def help_text() -> str:
    width = max(len(key.shown) for key in KEYS)
    return "\n".join(f"{key.shown.ljust(width)}   {key.says}" for key in KEYS)
