"""The value of a parsed word (grammar/expand.lark), from the leaves up and without recursion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from lark import Token, Tree
from lark.exceptions import VisitError
from lark.visitors import Transformer_NonRecursive

from builder.errors import BuildfileError
from builder.syntax.faults import shown
from builder.syntax.patterns import Pattern, PatternError

WORK_LIMIT = 64 * 1024 * 1024
"""Characters one expansion may copy and search, beside a share of its own length. Replacements in replacements grow
exponentially and deep operands quadratically; real words stay far below."""


class Policy(NamedTuple):
    """What an evaluation leaves as it was written; nothing is, in an instruction's word."""

    keep_quotes: bool = False
    keep_escapes: bool = False
    keep_unset: bool = False


class Piece(NamedTuple):
    text: str
    kept: str
    """The same with its escapes still in: what `${name#operand}` and `${name/pattern/operand}` want."""
    splits: bool = False
    """Its blanks end a word."""
    nested: bool = False
    """It holds `${name:-operand}` or the like."""


class Evaluator(Transformer_NonRecursive[Token, Piece]):
    """Reads `env` while it goes; afterwards `used`, `unset` and the word's own `pieces` are complete."""

    def __init__(self, env: Mapping[str, str], policy: Policy, length: int) -> None:
        super().__init__()
        self.used: set[str] = set()
        self.unset: set[str] = set()
        self.pieces: list[Piece] = []
        self._env = env
        self._policy = policy
        self._work_left = WORK_LIMIT + 8 * length
        self._leaves = {
            "ESCAPED": lambda text: Piece(text[1:], text),
            "LAST_ESCAPE": lambda text: Piece("", text),
            "QUOTED_ESCAPED": lambda text: Piece(text[1:], text),
            "LONE_ESCAPE": lambda text: Piece(text, text * 2),
            "DOUBLE_LESS": lambda text: Piece(text, text),
            "SINGLE": self._single,
            "NAMED": self._named,
            "BRACED": self._braced,
        }

    def value(self, tree: Tree) -> Piece:  # type: ignore[type-arg]
        """The value of a whole word; lark wraps what is raised on the way, which is undone here."""
        try:
            return self.transform(tree)
        except VisitError as error:
            raise error.orig_exc from None

    def __default_token__(self, token: Token) -> object:
        text = token.value
        leaf = self._leaves.get(token.type)
        return leaf(text) if leaf else Piece(text, text, splits=True)

    def word(self, pieces: list[Piece]) -> Piece:
        self.pieces = pieces
        return self._join(pieces)

    body = word

    def operand(self, pieces: list[Piece]) -> Piece:
        return self._join(pieces)

    pattern = in_quotes = body_operand = body_pattern = operand

    def quoted(self, parts: list[Piece]) -> Piece:
        _, inner, _ = parts
        if not self._policy.keep_quotes:
            return inner
        return Piece(f'"{inner.text}"', f'"{inner.kept}"', nested=inner.nested)

    def chosen(self, parts: list[Piece]) -> Piece:
        opening, operand, _ = parts
        name, modifier = _open(opening.text)
        chosen = operand.kept if modifier in "#%" else operand.text
        value = self._value(name)
        if value is None and self._policy.keep_unset:
            return _variable(f"${{{name}{modifier}{chosen}}}", nested=True)
        return _variable(self._modify(name, modifier, value, chosen), nested=True)

    def replaced(self, parts: list[Piece]) -> Piece:
        opening, pattern, _, operand, _ = parts
        every = opening.text.endswith("//")
        name = _checked(opening.text[2:].rstrip("/"), opening.text)
        value = self._value(name)
        if value is None and self._policy.keep_unset:
            return _variable(f"${{{name}/{pattern.kept}/{operand.kept}}}", nested=True)
        matcher = self._pattern(pattern.kept)
        self._spend(len(value or ""))
        return _variable(matcher.replace(value or "", operand.kept, every, self._spend), nested=True)

    def _modify(self, name: str, modifier: str, value: str | None, operand: str) -> str:
        absent = not value if modifier[0] == ":" else value is None
        match modifier.removeprefix(":"):
            case "-":
                return operand if absent or value is None else value
            case "+":
                return "" if absent else operand
            case "?":
                if absent or value is None:
                    reason = operand or f"is not allowed to be {'unset' if value is None else 'empty'}"
                    raise BuildfileError("required-variable", f"{shown(name)}: {reason}")
                return value
            case "#" | "%" as side:
                return self._trim(side, value or "", operand)
            case _:
                raise BuildfileError("unsupported-modifier", f"unsupported modifier ({modifier}) in substitution")

    def _trim(self, side: str, value: str, operand: str) -> str:
        greedy = operand.startswith(side)
        text = operand[1:] if greedy else operand
        self._spend(len(value))
        pattern = self._pattern(text if side == "#" else _reversed_pattern(text))
        end = pattern.prefix(value if side == "#" else value[::-1], greedy, self._spend)
        if not end:
            return value
        return value[end:] if side == "#" else value[:-end]

    def _pattern(self, text: str) -> Pattern:
        self._spend(4 * len(text))
        try:
            return Pattern(text)
        except PatternError as error:
            raise BuildfileError("bad-pattern", f"invalid pattern ({shown(text)}) in substitution: {error}") from None

    def _single(self, text: str) -> Piece:
        inner = text if self._policy.keep_quotes else text[1:-1]
        return Piece(inner, inner)

    def _named(self, text: str) -> Piece:
        name = _name_of(text[1:])
        rest = text[1 + len(name) :]
        if not name:
            return Piece(text, text, splits=True)
        value = self._value(name)
        shown = f"${name}" if value is None and self._policy.keep_unset else value or ""
        return _variable(shown + rest)

    def _braced(self, text: str) -> Piece:
        name = _checked(text[2:-1], text)
        value = self._value(name)
        return _variable(text if value is None and self._policy.keep_unset else value or "")

    def _value(self, name: str) -> str | None:
        value = self._env.get(name)
        if value is None:
            self.unset.add(name)
        else:
            self.used.add(name)
        return value

    def _join(self, pieces: list[Piece]) -> Piece:
        if len(pieces) == 1:
            return pieces[0]._replace(splits=False)
        self._spend(sum(len(piece.text) + len(piece.kept) for piece in pieces))
        text = "".join([piece.text for piece in pieces])
        kept = "".join([piece.kept for piece in pieces])
        return Piece(text, kept, nested=any(piece.nested for piece in pieces))

    def _spend(self, characters: int) -> None:
        self._work_left -= characters
        if self._work_left < 0:
            raise BuildfileError(
                "expansion-too-large",
                "the word grows too large when its variables are expanded",
                hint="a replacement within a replacement, or a value of values, multiplies its length each time",
            )


def _variable(text: str, nested: bool = False) -> Piece:
    return Piece(text, text, splits=True, nested=nested)


def _open(opening: str) -> tuple[str, str]:
    """Name and modifier of `${name:-`; no name holds a colon."""
    at = len(opening) - (2 if opening[-2] == ":" else 1)
    return _checked(opening[2:at], opening), opening[at:]


def _name_of(text: str) -> str:
    """What Go takes as a name at the start of `text`: unlike `\\w` no fractions, powers and Roman numbers."""
    for position, character in enumerate(text):
        if not (character.isalpha() or character.isdecimal() or character in "_@*#?$!-"):
            return text[:position]
    return text


def _checked(name: str, written: str) -> str:
    if _name_of(name) != name:
        raise BuildfileError("bad-substitution", f"bad substitution: {shown(written)}")
    return name


def _reversed_pattern(text: str) -> str:
    """Back to front, an escaped character staying behind its escape."""
    reversed_parts: list[str] = []
    position = 0
    while position < len(text):
        width = 2 if text[position] == "\\" and position + 1 < len(text) else 1
        reversed_parts.append(text[position : position + width])
        position += width
    return "".join(reversed(reversed_parts))
