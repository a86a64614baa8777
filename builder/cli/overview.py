"""`pybuild --help` and `pybuild --version`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from builder.cli.main import load


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
            print(f"  {name:<10} {load(name).HELP}")
        print()
    print("`pybuild COMMAND --help` says more, with examples.")
    return 0
