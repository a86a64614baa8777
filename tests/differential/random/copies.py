"""COPY and ADD."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from tests.differential.random.heredocs import heredocs

_SOURCES = (
    "a.txt", "b.md", "c", "d", "d/", "d/.", "d/one", "d/sub", "d/sub/", "e", "e/f", ".", "/", "./d", "/d/one", "../c",
    "*", "*.txt", "d/*", "*/one", "[ab]*", "?", "*/*", "d/*.md", "nothing*", "no/*", "to-file", "to-d", "to-d/",
    "to-d/one", "up", "up/sub", "absolute", "d/to-c", "d/to-e", "x.tar", "no-suffix", "d/y.tar.gz", "fifo", "old",
    "old/one", "sh", "z", "$A", "${UNSET:-d}", "d/../a.txt", "to-*", "e/**/deep", "d/hard", "${LONG_name%X*}",
    "d//one", "d/./sub",
)  # fmt: skip
_FROM_SOURCES = (
    "/old", "/old/dir", "/old/dir/", "/old/file", "/old/to-dir", "/old/to-dir/", "/old/to-file", "/old/*",
    "/old/hard*", "old/dir/sub", "/old/to-dir/sub", "/etc/passwd", "/old/dir/.", "/old/opaque", "/old/named",
    "/old/suid", "/old/fifo", "/old/dir/*", "/o*/dir", "/old/to-dir-absolute/a", "/old/to-dir-far-up/sub/c", "/o*/*/a",
    "/old/dir/sub/../b",
)  # fmt: skip
_ANYWHERE = ("/", "/new*", "/x*", "/made*", "/s*", "/*/*", "/x/*", "/old*/")
"""What every stage can give, if only nothing."""
_DESTINATIONS = (
    "/", ".", "./", "", "/x", "/x/", "/x/y", "/x/y/", "/new", "/new/", "new", "new/", "/old", "/old/", "/old/dir",
    "/old/dir/", "/old/to-dir", "/old/to-dir/", "/old/to-dir/n", "/old/to-dir/sub", "/old/to-dir-absolute/sub/",
    "/old/dangling/", "/old/dangling/in", "/old/opaque/", "../up", "/old/dir/../to-dir/q/", "/old/to-dir/../up",
    "/srv/*", "/made/lnk/", "x/../y", "/old/to-dir-far-up/z", "$A", "${A:-/w}/d", "/n/./m//", "/old/empty/",
    "/old/dir/sub", "/bin/..", "/tmp/", "/home/alice/", "/old/gone", "/made", "/made/", "/made/in/", "/made/lnk",
    "/old/to-dir-far-up/sub/",
)  # fmt: skip
_FILES = (
    "/old/file", "/old/to-file", "/old/dangling", "/old/hard1", "/old/fifo", "/old/dir/a", "/old/suid", "/old/named",
    "/old/loop", "/old/file/",
)  # fmt: skip
_PLAIN = ("a.txt", "b.md", "c", "d/one", "d/two.md")
"""Sources that are files, to go over files."""
_OWNERS = (
    "1", "1:2", "alice", "alice:staff", "root", ":staff", ":5", "nobody", "alice:", "4294967294", "daemon:1", "$A",
    "${UNSET:-3:4}",
)  # fmt: skip
_MODES = (
    "600", "0755", "4755", "7777", "0", "u=rwX,go=rX", "a+x", "g-w", "u+s", "+t", "go=", "u=rw,u+x", "a=rX", "o+w,g=u",
    "-x", "1777", "${UNSET:-640}", "02755", "a+X", "=r", "u-w+x", "g=o",
)  # fmt: skip
_EXCLUDES = (
    "*.md", "sub", "*", "**/three*", "one", "d/one", "d", "**/*.txt", "!one", "dir", "a", "*/a", "empty", "/sub/",
    "sub/*", "b",
)  # fmt: skip
_PARENTS = (
    "./d/sub", "d/./sub", "d/./one", "e/f/./g", "e/./f/g/deep", "**/*.md", "./*/one", "d/*/./*", "e/**/deep", "d/./*",
    "*/./*/*",
)  # fmt: skip
_ODD_SOURCES = (
    "a b", "-rf", "--from=x", "é", "e\u0301", "*star", "[x]", "back\\slash", "'q'", '"', "#hash", "$A",
    "~", "日本/ü",
    "[[]x]", "[*]star", "back\\\\slash", "?", "[é]", "日*", "-*", "\\$A", "* *", "\\[x\\]",
)  # fmt: skip
"""Of `files.ODD`, and wildcards that mean some of them."""
PLACE = "{web}"
"""Stands for the address that a case can fetch from."""
_PAGES = ("{web}/plain.txt", "{web}/folder/noted.md", "{web}/x.tar.gz", "{web}/missing", "{web}/plain.txt?$A")
_REPOSITORIES = (
    "{web}/repo.git", "{web}/repo.git#main", "{web}/repo.git#v1", "{web}/repo.git#main:sub",
    "{web}/repo.git#v1:sub/deep", "{web}/repo.git?branch=main&subdir=sub", "{web}/repo.git#:sub",
)  # fmt: skip
"""At most one in an instruction: BuildKit's daemon (2026-08) dies of a second one beside a source that fails."""
_REMOTE_OPTIONS = ("--keep-git-dir=false", "--unpack", "--unpack=false", "--chmod=0640", "--chown=4:5")


class Places(NamedTuple):
    """What there is to name here."""

    full: tuple[str, ...]
    """Stages and images that have what is in the image `base`."""
    bare: tuple[str, ...] = ()
    """Other stages."""
    contexts: tuple[str, ...] = ()
    files: frozenset[str] = frozenset()
    """Every path of the context."""


def instruction(random: Random, places: Places) -> str:
    """A COPY or ADD instruction, with its heredocs."""
    if random.random() < 0.04:
        return _remote(random, places)
    if "a b" in places.files and random.random() < 0.5:
        return _odd(random)
    word = random.choice(("COPY", "COPY", "COPY", "COPY", "ADD", "ADD", "copy"))
    options = _options(random)
    if random.random() < 0.12:
        return _heredoc(random, word, options)
    if word == "ADD" and random.random() < 0.1:
        options += [random.choice(("--unpack=true", "--unpack=false", "--unpack"))]
    sources = (
        _from(random, places, options)
        if word != "ADD" and random.random() < 0.35
        else _several(random, _there(places, word))
    )
    if word != "ADD" and random.random() < 0.12:
        options.append("--parents")
        if not any(option.startswith("--from") for option in options):
            sources = _several(
                random, [name for name in _PARENTS if _is_there(name, places)] + _there(places, word)[:20]
            )
    random.shuffle(options)
    words = [*sources, random.choice(_DESTINATIONS)]
    if random.random() < 0.1 and "--parents" not in options:
        words = [random.choice(_PLAIN), random.choice(_FILES)]
        options = [option for option in options if not option.startswith("--from")]
    if random.random() < 0.1 or "" in words:
        return " ".join([word, *options, json.dumps(words)])
    return " ".join([word, *options, *words])


def _from(random: Random, places: Places, options: list[str]) -> list[str]:
    origin = random.choice([*places.full, *places.bare, *places.contexts])
    options.append(f"--from={origin}")
    if origin in places.contexts:
        return _several(random, ("*", "/", "a*", "d*", "d/*", ".", "*/sub"))
    return _several(random, _FROM_SOURCES + _ANYWHERE if origin in places.full else _ANYWHERE)


def _there(places: Places, word: str) -> list[str]:
    """Sources that are in the context, archives above all for ADD; and one in fifty that may not be."""
    there = [source for source in _SOURCES if _is_there(source, places)]
    archives = [name for name in ("x.tar", "no-suffix", "d/y.tar.gz") if name in places.files]
    return there + (archives * 5 if word == "ADD" else []) + ["nothing", "${A}"]


def _is_there(source: str, places: Places) -> bool:
    return bool(set("*?[$") & set(source)) or os.path.normpath(f"/{source}")[1:] in places.files


def _several(random: Random, pool: Sequence[str]) -> list[str]:
    return random.sample(pool, random.choice((1, 1, 1, 1, 2, 3)))


def _options(random: Random) -> list[str]:
    options = []
    if random.random() < 0.2:
        options.append(f"--chown={random.choice(_OWNERS)}")
    if random.random() < 0.2:
        options.append(f"--chmod={random.choice(_MODES)}")
    if random.random() < 0.15:
        options.append(random.choice(("--link", "--link", "--link=true", "--link=false")))
    if random.random() < 0.12:
        options += [f"--exclude={pattern}" for pattern in random.sample(_EXCLUDES, random.choice((1, 1, 2)))]
    return options


def _heredoc(random: Random, word: str, options: list[str]) -> str:
    made = heredocs(random, random.choice((1, 1, 2)))
    words = [heredoc.opened for heredoc in made]
    if random.random() < 0.2:
        words.insert(random.randrange(len(words) + 1), "*.txt")
    words.append(random.choice([destination for destination in _DESTINATIONS if destination]))
    return "\n".join([" ".join([word, *options, *words]), *(line for heredoc in made for line in heredoc.rest)])


def _remote(random: Random, places: Places) -> str:
    options = random.sample(_REMOTE_OPTIONS, random.choice((0, 0, 1)))
    sources = random.sample((*random.sample(_PAGES, 2), random.choice(_REPOSITORIES)), random.choice((1, 1, 2)))
    if random.random() < 0.2:
        sources += _several(random, _there(places, "COPY"))
    return " ".join(["ADD", *options, *sources, random.choice([place for place in _DESTINATIONS if place])])


def _odd(random: Random) -> str:
    """Names as they are only fit into JSON."""
    words = [*_several(random, _ODD_SOURCES), random.choice(("/x/", "/x/a b/", "/é/", "/odd/[x]/", "/-/"))]
    return f"COPY {random.choice(('', '--parents ', '--exclude=*star '))}{json.dumps(words, ensure_ascii=False)}"
