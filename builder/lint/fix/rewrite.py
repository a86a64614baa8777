"""One function for each rule that can be fixed: an instruction to edits of the text. No edits: it is left as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from builder.errors import BuildfileError
from builder.lint.casing import is_lower, majority_is_lower, written_name
from builder.lint.fix.source import Edit, Located
from builder.syntax.blanks import lower, upper
from builder.syntax.expand import expand
from builder.syntax.instructions import Buildfile, Node
from builder.syntax.words import split_shell_words

AUTHORS = "org.opencontainers.image.authors"
_WORD = re.compile(r"\S+")
_PROTOCOL = re.compile(r"[0-9:.\[\]-]+/([A-Za-z]+)\Z")
_PLAIN_COMMAND = re.compile(r"[\w@%+:,./-]+(?:[ \t]+[\w@%+=:,./-]+)*\Z", re.ASCII)
_OF_THE_SHELL = frozenset({
    ".", ":", "alias", "bg", "break", "case", "cd", "command", "continue", "do", "done", "elif", "else", "esac", "eval",
    "exec", "exit", "export", "fg", "fi", "for", "function", "getopts", "hash", "if", "in", "jobs", "local", "read",
    "readonly", "return", "select", "set", "shift", "source", "then", "time", "times", "trap", "type", "ulimit",
    "umask", "unalias", "unset", "until", "wait", "while",
})  # fmt: skip
"""Words that a shell does not look for among programs."""


class Instruction:
    """What a function gets to see."""

    def __init__(self, buildfile: Buildfile, node: Node, located: Located) -> None:
        self.buildfile = buildfile
        self.node = node
        self.located = located

    @property
    def text(self) -> str:
        return self.located.text

    def words(self) -> list[re.Match[str]]:
        return list(_WORD.finditer(self.text))


def stage_name(item: Instruction) -> list[Edit]:
    return _last_word(item, 2, lower)


def from_as(item: Instruction) -> list[Edit]:
    return _last_word(item, 1, lower if is_lower(written_name(item.node)) else upper)


def _last_word(item: Instruction, position: int, change: Callable[[str], str]) -> list[Edit]:
    words = item.words()[-3:]
    if [word[0] for word in words] != list(item.node.args):
        return []
    word = words[position]
    return item.located.replace(word.start(), word.end(), change(word[0]))


def instruction_case(item: Instruction) -> list[Edit]:
    word = item.words()[0]
    change = lower if majority_is_lower(item.buildfile) else upper
    return item.located.replace(word.start(), word.end(), change(word[0]))


def empty_lines(item: Instruction) -> list[Edit]:
    return [Edit(line, drops_line=True) for line in item.located.empty_lines]


def legacy_pair(item: Instruction) -> list[Edit]:
    """`name value` to `name=value`, the value quoted where it must be and can be without meaning something else."""
    name, value = item.node.args[:2]
    name_end = item.words()[1].end()
    start = item.text.find(value, name_end)
    if item.words()[1][0] != name or start < 0 or item.text[name_end:start].strip():
        return []
    places = item.located.places
    if places[name_end - 1].line != places[start].line:
        return []  # with the value in a line of its own there is no good place for the `=`
    escape = item.buildfile.escape
    if _is_one_word(value, escape):
        return _joined(item, name_end, start, len(value), "")
    if _is_one_word(f'"{value}"', escape) and _means_the_same(value, f'"{value}"', escape):
        return _joined(item, name_end, start, len(value), '"')
    return []


def _joined(item: Instruction, name_end: int, start: int, length: int, quote: str) -> list[Edit]:
    located = item.located
    first, last = located.places[start], located.places[start + length - 1]
    edits = [*located.delete(name_end, start), Edit(first.line, first.column, first.column, f"={quote}")]
    return edits + ([Edit(last.line, last.column + 1, last.column + 1, quote)] if quote else [])


def _is_one_word(text: str, escape: str) -> bool:
    return split_shell_words(text, escape) == [text]


def _means_the_same(one: str, other: str, escape: str) -> bool:
    """Whatever the variables are: none set, and each set to something with blanks, quotes and escapes."""
    try:
        names = expand(one, {}, escape).unset
        environments: list[dict[str, str]] = [{}, dict.fromkeys(names, "a  'b\" \\$c `"), dict.fromkeys(names, "")]
        return all(expand(one, env, escape) == expand(other, env, escape) for env in environments)
    except BuildfileError:
        return False


def maintainer(item: Instruction) -> list[Edit]:
    name, value = item.words()[0], item.node.args[0]
    start = item.text.find(value, name.end())
    escape = item.buildfile.escape
    quoted = "".join(f"{escape}{c}" if c in ('"', "$", escape) else c for c in value)
    label = f'{AUTHORS}="{quoted}"'
    if start < 0 or not value.isprintable() or expand(f'"{quoted}"', {}, escape).text != value:
        return []
    renamed = item.located.replace(name.start(), name.end(), "label" if is_lower(name[0]) else "LABEL")
    moved = item.located.replace(start, start + len(value), label)
    return renamed + moved if renamed and moved else []


def port_protocol(item: Instruction) -> list[Edit]:
    edits = []
    for word in item.words()[1:]:
        found = _PROTOCOL.match(word[0])
        if found and not is_lower(found[1]):
            at = word.start() + found.start(1)
            edits += item.located.replace(at, at + len(found[1]), lower(found[1]))
    return edits


def target_platform(item: Instruction) -> list[Edit]:
    words = item.words()
    flags = [position for position, word in enumerate(words) if word[0].startswith("--platform=")]
    if len(flags) != 1 or not 0 < flags[0] < len(words) - 1 or words[flags[0]][0] not in item.node.flags:
        return []
    start, end = words[flags[0]].start(), words[flags[0] + 1].start()
    return item.located.replace(start, end, "") or item.located.delete(start, words[flags[0]].end())


def json_words(item: Instruction) -> list[Edit]:
    """CMD only; see the package for what must hold in the rest of the file."""
    if item.node.name != "CMD" or len(item.node.args) != 1:
        return []
    command = item.node.args[0]
    start = item.text.find(command, item.words()[0].end())
    if start < 0 or not _PLAIN_COMMAND.match(command) or command.split()[0] in _OF_THE_SHELL:
        return []
    return item.located.replace(start, start + len(command), json.dumps(command.split()))


FIXES: dict[str, Callable[[Instruction], list[Edit]]] = {
    "StageNameCasing": stage_name,
    "FromAsCasing": from_as,
    "ConsistentInstructionCasing": instruction_case,
    "NoEmptyContinuation": empty_lines,
    "LegacyKeyValueFormat": legacy_pair,
    "MaintainerDeprecated": maintainer,
    "ExposeProtoCasing": port_protocol,
    "RedundantTargetPlatform": target_platform,
    "JSONArgsRecommended": json_words,
}
