"""Contexts: what COPY and ADD find."""

from __future__ import annotations

from random import Random
from typing import Any

_WHEN = (1, 1_000_000_000, 1_234_567_890, 1_500_000_000)
_MODES = ("0600", "0755", "0640", "4755", "2755", "0444", "0777", "1644")
_FOLDER_MODES = ("0700", "0711", "1777", "2775", "0755")
_FILES = ("a.txt", "b.md", "c", "d/one", "d/two.md", "d/sub/three.txt", "d/.hidden", "e/f/g/deep", "e/a.txt", "sh")
_FOLDERS = ("d/", "d/sub/", "d/empty/", "e/", "e/f/", "old/", "z/")
_LINKS = {
    "to-file": "a.txt",
    "to-d": "d",
    "up": "../../d",
    "absolute": "/e",
    "d/dangling": "nowhere",
    "d/to-c": "../c",
    "d/to-e": "../e",
    "e/loop": "loop",
    "e/here": ".",
    "e/ring": "../z/ring",
    "z/ring": "../e/ring",
    "old": "d",
}
ODD = (
    "a b", "-rf", "--from=x", "é", "e\u0301", "*star", "[x]", "back\\slash", "line\nend", "'q'", '"', "#hash", "$A",
    "~", "日本/ü",
    " lead", "trail ", "~x/#y", "y]/*",
)  # fmt: skip
_SPECIAL: dict[str, dict[str, Any]] = {
    "fifo": {"fifo": True},
    "d/socket": {"socket": True},
    "z/null": {"device": "c 1 3"},
    "sparse": {"sparse": 1_000_000},
    "e/zeros": {"zeros": 70_000},
}
_MEMBERS: tuple[dict[str, Any], ...] = (
    {"name": "dir/", "directory": True, "mode": "0750", "owner": "5:6"},
    {"name": "dir/a", "text": "from archive\n", "owner": "7:8"},
    {"name": "file", "text": "file\n", "mode": "0600"},
    {"name": "./dotted", "text": "dotted\n"},
    {"name": "link", "symlink": "dir/a"},
    {"name": "dir/up", "symlink": "../file"},
    {"name": "hard", "hardlink": "file"},
    {"name": "sub/implied/file", "text": "no parents\n"},
    {"name": "suid", "text": "s\n", "mode": "4755", "owner": "0:50"},
    {"name": "fifo", "fifo": True},
    {"name": "noted", "text": "n\n", "xattrs": {"user.note": "x"}},
    {"name": "capable", "text": "c\n", "xattrs": {"security.capability": "\x01\x00\x00\x02\x00\x04" + "\x00" * 14}},
    {"name": "old/dir/a", "text": "over the old\n"},
    {"name": "old/opaque", "directory": True, "mode": "0711"},
    {"name": "dir", "directory": True, "mode": "0700"},
)
_PATTERNS = (
    "*", "*.md", "**/*.md", "d", "d/", "/d/sub", "d/*", "**/three*", "e/**", "*/one", "?", "[ab]*", "**", "**/.hidden",
    "!d", "!d/one", "!**/*.md", "!d/sub/three.txt", "!e/f", "# no pattern", "", "  c  ", "./d/../c", "!*.txt", "to-*",
    "!**", "!/d/", "d/**/three*", "**/sub", "!**/sub/**", "e/*/g", "!e/f/g", "\\#hash", "a b", "é", "\\[x]",
    "!./d/./one", "../c",
    "**/**/one", "d/s?b", "!d/s[a-u]b", "**/.*", "*.*", "!.", ".",
)  # fmt: skip


def context(random: Random) -> dict[str, Any]:
    """A description as `materials` has it."""
    made: dict[str, Any] = {}
    for folder in _FOLDERS:
        if random.random() < 0.4:
            made[folder] = _adorned(random, {}, _FOLDER_MODES)
    for name in _FILES:
        if random.random() < 0.85:
            made[name] = _adorned(random, {"text": f"{name}\n" * random.choice((1, 1, 1, 0, 40))}, _MODES)
    for name, target in _LINKS.items():
        if random.random() < 0.4 and f"{name}/" not in made:
            made[name] = {"symlink": target} | ({"mtime": 1_111_111_111} if random.random() < 0.5 else {})
    made |= _others(random)
    if "c" in made and random.random() < 0.3:
        made["d/hard"] = {"hardlink": "c"}
    made["trigger"] = "trigger\n"
    if random.random() < 0.15:
        made[".dockerignore"] = ignore(random)
    return made


def _others(random: Random) -> dict[str, Any]:
    """What is no plain file with a plain name."""
    made = {name: dict(what) for name, what in _SPECIAL.items() if random.random() < 0.06}
    if random.random() < 0.12:
        made |= {name: _adorned(random, {"text": name}, _MODES) for name in ("a b", *random.sample(ODD[1:], 6))}
    return made | {name: archive(random) for name in ("x.tar", "d/y.tar.gz", "no-suffix") if random.random() < 0.3}


def paths(context: dict[str, Any]) -> frozenset[str]:
    """All that the description makes, folders on the way too."""
    parts = [name.rstrip("/").split("/") for name in context]
    return frozenset("/".join(names[:count]) for names in parts for count in range(len(names) + 1))


def archive(random: Random) -> dict[str, Any]:
    members = random.sample(_MEMBERS, random.randint(1, 6))
    members.sort(key=lambda member: "hardlink" in member)
    if any("hardlink" in member for member in members) and _MEMBERS[2] not in members:
        members.insert(0, _MEMBERS[2])
    compress = random.choice(("", "", "gz", "bz2", "xz", "zst"))
    return {"tar": members, "compress": compress, "format": random.choice(("gnu", "pax"))}


def ignore(random: Random) -> str:
    return "\n".join(random.choices(_PATTERNS, k=random.randint(1, 7))) + "\n"


def _adorned(random: Random, made: dict[str, Any], modes: tuple[str, ...]) -> dict[str, Any]:
    if random.random() < 0.4:
        made["mode"] = random.choice(modes)
    if random.random() < 0.5:
        made["mtime"] = random.choice(_WHEN)
    if random.random() < 0.15:
        made["owner"] = random.choice(("1:2", "1000:50", "0:7"))
    if random.random() < 0.08:
        made["xattrs"] = {"user.note": "kept?"}
    return made
