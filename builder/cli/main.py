"""The entrance: finds the command, reads its arguments, turns errors into messages and exit codes."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

from builder.errors import BuilderError, UsageError
from builder.lean import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from types import ModuleType
    from typing import Any, NoReturn

GROUPS: dict[str, tuple[str, ...]] = {
    "build": ("build", "debug", "parse", "check"),
    "images": (
        "images", "inspect", "history", "layers", "diff", "tag", "rmi", "save", "load", "export", "import", "mount",
        "umount", "rollback", "rebase",
    ),
    "registries": (
        "pull", "push", "copy", "login", "logout", "tags", "catalog", "referrers", "registry serve", "registry gc",
    ),
    "containers": (
        "run", "create", "ps", "logs", "attach", "exec", "stop", "kill", "start", "restart", "wait", "rm", "cp",
        "commit", "volume ls", "volume create", "volume inspect", "volume rm", "volume prune",
    ),
    "history": ("explain", "report", "graph", "builds ls", "builds show", "builds logs", "builds rm"),
    "cache": ("cache ls", "cache inspect", "cache rm"),
    "store": ("df", "prune", "store check", "doctor", "completion"),
}  # fmt: skip
COMMANDS = frozenset(name for names in GROUPS.values() for name in names)
FAMILIES = frozenset(name.partition(" ")[0] for name in COMMANDS if " " in name)
"""First words of commands that have two."""
GLOBAL_WITH_VALUE = ("--root",)

_WAITS_FOR_EXIT = frozenset({"atexit", "threading"})
"""Whoever registers a function for the exit has imported the one, whoever has a thread the other."""
BUG = 70
INTERRUPTED = 130


def entry() -> None:
    """What the console script runs."""
    _open_streams()
    gc.set_threshold(50_000)  # most commands end before a collection can pay
    code = main(sys.argv[1:])
    if code == 0 and not _WAITS_FOR_EXIT & sys.modules.keys():
        # Everything is written and closed. Python would now take its modules apart, for some milliseconds.
        os._exit(code)
    gc.freeze()
    sys.exit(code)


def _open_streams() -> None:
    """Whoever starts us may have closed one: the first file that is opened would then take its number, and be written
    to as if it were the terminal."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free: this one
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115 - for as long as we live


def main(argv: Sequence[str]) -> int:
    """Runs one command line; returns the exit code."""
    try:
        code = _run(list(argv))
        sys.stdout.flush()
        sys.stderr.flush()
    except BuilderError as error:
        from builder.cli.errors import print_error

        print_error(error, sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("pybuild: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        _give_up_output()
        return 1
    except Exception as error:  # noqa: BLE001 - the last resort: a bug of ours, said as such
        from builder.cli.errors import print_bug, print_error, without_resources, without_working_directory

        fault = without_working_directory(error) or without_resources(error)
        if fault is not None:
            _give_up_output()
            print_error(fault, sys.stderr)
            return fault.exit_code
        print_bug(sys.stderr)
        return BUG
    return code


def _give_up_output() -> None:
    """Nobody takes it any more; Python would complain again when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(argv: list[str]) -> int:
    position = _first_word(argv)
    word = argv[position] if position < len(argv) else ""
    if word in FAMILIES:
        word = " ".join(argv[position : position + 2])
        if word not in COMMANDS:
            from builder.cli.overview import print_family

            return print_family(argv[position:], COMMANDS)
    if word in COMMANDS:
        name, rest = word, argv[:position] + argv[position + 1 + word.count(" ") :]
    else:
        if word == "help":
            return _run([*argv[position + 1 :][:2], "--help"])
        if word in ("-h", "--help", "--version"):
            from builder.cli.overview import print_overview

            return print_overview(argv, GROUPS)
        _check_spelling(word)
        name, rest = "build", argv
    module = load(name)
    return int(module.run(parser_for(name, module).parse_args(rest)))


def _first_word(argv: list[str]) -> int:
    """Position of the first word that is no global option."""
    position = 0
    while position < len(argv):
        if argv[position] in GLOBAL_WITH_VALUE:
            position += 1
        elif not argv[position].startswith("--root="):
            break
        position += 1
    return position


def _check_spelling(word: str) -> None:
    """A word that is no option and no file was meant as a command: `pybuild imags`."""
    if not word or word.startswith("-") or "/" in word or ":" in word or os.path.exists(word):
        return
    from difflib import get_close_matches

    from builder.cli.elsewhere import INSTEAD

    near = get_close_matches(word, COMMANDS, n=1)
    meant = f"did you mean `pybuild {near[0]}`?" if near else "`pybuild --help` lists the commands"
    hint = INSTEAD.get(word, meant)
    raise UsageError("unknown-command", f"{word!r} is neither a command nor a folder to build", hint=hint)


def load(name: str) -> ModuleType:
    """The module of a command: of `store check` it is `store_check.py`; `import` cannot be a module's name, so its file
    is `import_.py`."""
    file = "import_" if name == "import" else name.replace(" ", "_")
    module: ModuleType = __import__(f"builder.cli.commands.{file}", fromlist=["run"])
    return module


def parser_for(name: str, module: ModuleType) -> argparse.ArgumentParser:
    import argparse

    # Python 3.14 makes a formatter to check help texts with, for whose colours it imports dataclasses and inspect.
    formatter: Any = argparse.HelpFormatter
    colour = getattr(formatter, "_set_color", None)
    if colour is None:
        return _new_parser(name, module)
    formatter._set_color = lambda *_: None
    try:
        parser = _new_parser(name, module)
    finally:
        formatter._set_color = colour
    vars(parser)["_cached_formatter"] = None
    return parser


def _new_parser(name: str, module: ModuleType) -> argparse.ArgumentParser:
    import argparse
    from functools import partial

    parser = argparse.ArgumentParser(
        prog=f"pybuild {name}",
        description=module.HELP,
        epilog=f"examples:\n{module.EXAMPLES}",
        formatter_class=partial(argparse.RawDescriptionHelpFormatter, width=_columns()),
        allow_abbrev=False,
    )
    parser.add_argument("--root", metavar="DIR", help="where images and cache are kept (or PYBUILD_ROOT)")
    module.add_arguments(parser)

    def refuse(message: str) -> NoReturn:
        from builder.cli.errors import misused

        code = getattr(module, "MISUSED", UsageError.exit_code)
        raise misused(parser, message, code, getattr(module, "instead_of", lambda _: ""))

    parser.error = refuse  # type: ignore[method-assign]
    return parser


def _columns() -> int:
    """The width of help texts, found as argparse would, which imports `shutil` and what archives need for it."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given) - 2
    try:
        return (os.get_terminal_size(1).columns or 80) - 2
    except OSError:
        return 78
