"""`pybuild --help` and `pybuild --version`; `pybuild store` for commands of two words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from builder.cli.main import load
from builder.errors import UsageError


def print_overview(argv: Sequence[str], groups: Mapping[str, Sequence[str]]) -> int:
    if "--version" in argv:
        from importlib.metadata import version

        print(f"pybuild {version('pybuild')}")
        return 0
    print("usage: pybuild [--root DIR] [COMMAND] [OPTIONS]\n")
    print("Builds images from Dockerfile-language files, without a daemon. Without COMMAND it is `pybuild build`.\n")
    print("  pybuild -f Buildfile -t app:1.0      build the current directory\n")
    for group, names in groups.items():
        print(f"{group}:")
        for name in names:
            print(f"  {name:<15} {load(name).HELP}")
        print()
    print("`pybuild COMMAND --help` says more, with examples.")
    return 0


def print_family(words: Sequence[str], commands: Collection[str]) -> int:
    """What a first word alone, or with --help, answers; any other second word is a UsageError."""
    members = sorted(name for name in commands if name.startswith(f"{words[0]} "))
    if len(words) > 1 and words[1] not in ("-h", "--help"):
        from difflib import get_close_matches

        near = get_close_matches(words[1], [name.partition(" ")[2] for name in members], n=1)
        hint = f"did you mean `pybuild {words[0]} {near[0]}`?" if near else f"there are: {', '.join(members)}"
        raise UsageError("unknown-command", f"`pybuild {words[0]}` has no command {words[1]!r}", hint=hint)
    print(f"usage: pybuild {words[0]} COMMAND [OPTIONS]\n")
    for name in members:
        print(f"  {name:<15} {load(name).HELP}")
    print("\n`pybuild COMMAND --help` says more, with examples.")
    return 0
