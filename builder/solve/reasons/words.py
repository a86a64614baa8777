"""What differs in the words of an instruction: commands, scripts, sources, text that stands in the Buildfile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from builder.lean import NamedTuple
from builder.solve.reasons.notes import read_pairs
from builder.solve.reasons.wording import change, shown, words_change
from builder.solve.types import Cause, Parts

BLANKS = "only white space"
_SCRIPTS = "/dev/pipes/"
_FLAGS = {"link": "--link", "unpack": "--unpack"}
"""Parts that the text of a step does not show."""


class Instruction(NamedTuple):
    text: str
    """As people recognise it."""
    parts: Parts
    texts: Mapping[str, str]
    """Of files whose content stands in the Buildfile: `notes.inline_texts`."""


def instruction(changes: list[str]) -> list[Cause]:
    """One cause of all that was edited, none where that is nothing."""
    return [Cause("instruction", f"instruction changed: {', '.join(changes)}")] if changes else []


def command_changes(old: Instruction, new: Instruction) -> list[str]:
    """Of a RUN; nothing where another shell runs the same command."""
    if all(old.parts.get(name) == new.parts.get(name) for name in ("argv", "scripts")):
        return []
    before, after = _argv(old.parts), _argv(new.parts)
    if before[:-1] == after[:-1]:
        return [words_change(_command(old.parts), _command(new.parts)) or _form_change(old.text, new.text)]
    return [words_change(old.text, new.text)] if old.text != new.text else []


def _form_change(old: str, new: str) -> str:
    """Of a command whose words are the same."""
    was, is_heredoc = (text.startswith("RUN <<") for text in (old, new))
    return BLANKS if was is is_heredoc else "a heredoc now" if is_heredoc else "no heredoc any more"


def shell_change(old: Instruction, new: Instruction) -> list[Cause]:
    before, after = _argv(old.parts), _argv(new.parts)
    if before[:-1] == after[:-1] or old.text != new.text:
        return []
    return [Cause("setting", f"SHELL: {change(before[:-1], after[:-1])}")]


def copy_changes(old: Instruction, new: Instruction) -> list[str]:
    """Of what is no RUN: sources first, then the destination, so that neither is taken for the other."""
    (sources, dest), (new_sources, new_dest) = sources_and_dest(old.text), sources_and_dest(new.text)
    changes = [words_change(sources, new_sources), words_change(dest, new_dest)]
    found = [text for text in changes if text]
    return found or ([BLANKS] if old.text != new.text else [])


def flag_changes(old: Instruction, new: Instruction) -> Iterator[str]:
    for name, flag in _FLAGS.items():
        before, after = old.parts.get(name), new.parts.get(name)
        if before != after:
            told, is_new = (after, True) if before is None else (before, False)
            word = flag if told is True else f"{flag}={str(told).lower()}"
            yield (
                f"{word} {'added' if is_new else 'removed'}"
                if None in (before, after)
                else f"{flag}: {change(before, after)}"
            )


def text_changes(old: Instruction, new: Instruction) -> Iterator[str]:
    """Of files whose content stands in the Buildfile; their words where they are known."""
    before, after = read_pairs(old.parts.get("inline")), read_pairs(new.parts.get("inline"))
    for name in {**after, **before}:
        if name in before and name in after and before[name] != after[name]:
            is_told = name in old.texts and name in new.texts
            words = f": {words_change(old.texts[name], new.texts[name]) or BLANKS}" if is_told else ""
            yield f"text of {shown(name)}{words}"


def sources_and_dest(text: str) -> tuple[str, str]:
    sources, _, dest = text.rpartition(" ")
    return sources, dest


def _argv(parts: Parts) -> list[str]:
    value = parts.get("argv")
    return [str(word) for word in value] if isinstance(value, list | tuple) else []


def _command(parts: Parts) -> str:
    """The last word; a script in the place of its name."""
    text = (_argv(parts) or [""])[-1]
    for name, content in read_pairs(parts.get("scripts")).items():
        text = text.replace(_SCRIPTS + name, content)
    return text
