"""`--parents` and `--exclude`: which entries below a source directory are copied.

Both are lists of patterns with the syntax of an ignore file, matched against paths relative to the directory that a
source names, so that a source which is a file itself is never left out (buildkit#5489). `--parents` turns the part of
a source behind `/./` (or all of it) into such a pattern and starts at what stands before.

A directory that no pattern keeps is made for the sake of what is kept below it; where it exists already only its mode
changes then (BuildKit's copy does so, and not to the owner).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from builder.context.ignore import NOT_EXCLUDED, IgnoreRules, RuleMemory, Verdict, clean
from builder.lean import NamedTuple
from builder.model.entry import Entry, Kind

_PIVOT = "/./"
_SPECIAL = "*?[\\^"
_MATCHED = Verdict(True)


class Narrowing(NamedTuple):
    """Of one instruction."""

    parents: bool
    exclude: tuple[str, ...]
    memory: RuleMemory
    of_context: bool

    def begin(self, written: str, has_wildcard: Callable[[str], bool]) -> Narrowed:
        """What one source means. Raises ContextError `bad-pattern`."""
        exclude = IgnoreRules.of_patterns(self.exclude, self.memory) if self.exclude else None
        if not self.parents:
            return Narrowed(written, None, exclude)
        before, pivot, pattern = written.partition(_PIVOT)
        start, pattern = (before, pattern) if pivot else ("/", written)
        pattern = clean(f"/{pattern}")[1:]
        plain = not has_wildcard(start) and not has_wildcard(pattern)
        include = IgnoreRules.of_patterns((pattern,), self.memory)
        return Narrowed(start, include, exclude, pattern if plain else None, directories_only=self.of_context)


class Narrowed(NamedTuple):
    """One source."""

    start: str
    """What names the directory, or directories, that the patterns are relative to."""
    include: IgnoreRules | None
    exclude: IgnoreRules | None
    required: str | None = None
    """Path relative to `start`: without it, or something below it, the source is missing."""
    directories_only: bool = False
    """A file that `start` matches does not count: BuildKit sends of a build context only what the whole source can
    mean. Where a symlink is among the matches it sends all of them, though."""

    def choice(self, top: str) -> Choice:
        """For one walk below the directory `top`."""
        return Choice(top, self.include, self.exclude)


class Choice:
    """Picks entries below one directory. Afterwards `leading` are the paths of directories that are only made because
    of what is in them."""

    def __init__(self, top: str, include: IgnoreRules | None, exclude: IgnoreRules | None) -> None:
        self._cut = len(top) + 1 if top else 0
        self._include = include
        self._exclude = exclude
        self._roots = _plain_beginnings(include) if include else None
        self.leading: set[str] = set()

    def enters(self, path: str) -> bool:
        """False for a directory in which nothing can be chosen: it need not be read."""
        relative = path[self._cut :]
        if self._exclude and not self._exclude.has_exceptions and self._exclude.excluded(relative):
            return False
        return self._roots is None or any(_on_one_line(relative, root) for root in self._roots)

    def choose(self, entries: Sequence[Entry]) -> list[Entry]:
        """Those of the entries, parents before what is in them, that are copied; in the same order."""
        verdicts: dict[str, tuple[Verdict, Verdict]] = {"": (NOT_EXCLUDED, NOT_EXCLUDED)}
        chosen: set[str] = set()
        for entry in entries:
            path = entry.path[self._cut :]
            directory, _, name = path.rpartition("/")
            above = verdicts.get(directory)
            if above is None:
                continue
            include = self._include.judge(path, name, above[0]) if self._include else _MATCHED
            exclude = self._exclude.judge(path, name, above[1]) if self._exclude else NOT_EXCLUDED
            if entry.kind is Kind.DIRECTORY and not (exclude.excluded and not self._takes_back()):
                verdicts[path] = include, exclude
            if include.excluded and not exclude.excluded:
                chosen.add(path)
                self._lead_to(directory)
        self.leading -= chosen
        cut, prefix = self._cut, entries[0].path[: self._cut] if entries else ""
        kept = chosen | self.leading
        self.leading = {prefix + path for path in self.leading}
        return [entry for entry in entries if entry.path[cut:] in kept]

    def _takes_back(self) -> bool:
        return self._exclude is not None and self._exclude.has_exceptions

    def _lead_to(self, directory: str) -> None:
        while directory and directory not in self.leading:
            self.leading.add(directory)
            directory = directory.rpartition("/")[0]


def _plain_beginnings(rules: IgnoreRules) -> list[str] | None:
    """What stands before the first wildcard of each pattern; None if they do not limit where to look."""
    roots = []
    for rule in rules.rules:
        parts = rule.text.split("/")
        plain = next((at for at, part in enumerate(parts) if any(sign in part for sign in _SPECIAL)), len(parts))
        if rule.exception or not plain or "|" in rule.text:
            return None
        roots.append("/".join(parts[:plain]))
    return roots


def _on_one_line(path: str, root: str) -> bool:
    """Whether one of the two leads to the other."""
    return f"{path}/".startswith(f"{root}/") or f"{root}/".startswith(f"{path}/")
