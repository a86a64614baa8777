"""The entrance: finds the command, reads its arguments, turns errors into messages and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from builder.errors import BuilderError

if TYPE_CHECKING:
    import argparse
    from types import ModuleType

GROUPS: dict[str, tuple[str, ...]] = {
    "build": ("build", "parse"),
    "images": ("images", "inspect", "history", "tag", "rmi", "import"),
    "store": ("doctor",),
}
COMMANDS = frozenset(name for names in GROUPS.values() for name in names)
GLOBAL_WITH_VALUE = ("--root",)

BUG = 70
INTERRUPTED = 130


def entry() -> None:
    """What the console script runs."""
    sys.exit(main(sys.argv[1:]))


def main(argv: Sequence[str]) -> int:
    """Runs one command line; returns the exit code."""
    try:
        code = _run(list(argv))
        sys.stdout.flush()
    except BuilderError as error:
        from builder.cli.errors import print_error

        print_error(error, sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("pybuild: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone; Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception:  # noqa: BLE001 - the last resort: a bug of ours, said as such
        from builder.cli.errors import print_bug

        print_bug(sys.stderr)
        return BUG
    return code


def _run(argv: list[str]) -> int:
    position = _command_position(argv)
    if position is None and any(word in ("-h", "--help", "--version") for word in argv) and "-f" not in argv:
        from builder.cli.overview import print_overview

        return print_overview(argv, GROUPS)
    name = "build" if position is None else argv[position]
    rest = argv if position is None else argv[:position] + argv[position + 1 :]
    module = load(name)
    return int(module.run(parser_for(name, module).parse_args(rest)))


def _command_position(argv: list[str]) -> int | None:
    """Where the command's name stands: the first word that is no global option. None: there is none, so `build`."""
    skip = False
    for position, word in enumerate(argv):
        if skip:
            skip = False
        elif word in GLOBAL_WITH_VALUE:
            skip = True
        elif not word.startswith("--root="):
            return position if word in COMMANDS else None
    return None


def load(name: str) -> ModuleType:
    """The module of a command; `import` cannot be a module's name, so its file is `import_.py`."""
    from importlib import import_module

    return import_module(f"builder.cli.commands.{'import_' if name == 'import' else name}")


def parser_for(name: str, module: ModuleType) -> argparse.ArgumentParser:
    import argparse

    parser = argparse.ArgumentParser(
        prog=f"pybuild {name}",
        description=module.HELP,
        epilog=f"examples:\n{module.EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--root", metavar="DIR", help="where images and cache are kept (or PYBUILD_ROOT)")
    module.add_arguments(parser)
    return parser
