"""pybuild login"""

from __future__ import annotations

import argparse
import sys

HELP = "Log in to a registry; the login is kept where docker keeps it."
EXAMPLES = """\
  pybuild login -u me registry.example              asks for the password
  printenv TOKEN | pybuild login -u ci --password-stdin registry.example:5000
  pybuild login -u me                               Docker Hub
"""
_LIMIT = 64 << 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from builder.cli.registries import add_registry_options

    parser.add_argument("server", nargs="?", default="", metavar="HOST[:PORT]", help="default: Docker Hub")
    parser.add_argument("-u", "--username", metavar="NAME", help="the user of the registry")
    parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    add_registry_options(parser)


def run(args: argparse.Namespace) -> int:
    from contextlib import closing

    from builder.cli.registries import warn
    from builder.model.reference import registry_named
    from builder.wiring.registries import registry_access

    domain = registry_named(args.server)
    user = _user(args)
    password = _password(args, domain)
    with closing(registry_access(tuple(args.insecure_registry))) as access:
        keeper = access.log_in(domain, user, password)
    if not keeper:
        warn(f"WARNING! Your password is stored unencrypted in {access.logins.path}.")
        warn("A credential helper (credsStore in that file) keeps it better.")
    print("Login Succeeded")
    return 0


def _user(args: argparse.Namespace) -> str:
    from builder.errors import UsageError

    if args.username is None and not args.password_stdin and sys.stdin.isatty():
        args.username = input("Username: ").strip()
    if not args.username:
        raise UsageError("no-username", "whose login is it?", hint="say -u NAME")
    if ":" in args.username or not args.username.isprintable():
        raise UsageError("bad-username", "a user name has no colon and no control characters")
    return str(args.username)


def _password(args: argparse.Namespace, domain: str) -> str:
    """One line. It is never an argument: every user of the machine could read it."""
    from builder.errors import UsageError

    if args.password_stdin:
        data = sys.stdin.buffer.read(_LIMIT + 1)
        if len(data) > _LIMIT:
            raise UsageError("bad-password", "standard input is too long for a password")
        password = data.decode("utf-8", "surrogateescape").removesuffix("\n").removesuffix("\r")
    elif sys.stdin.isatty():
        from getpass import getpass

        password = getpass(f"Password for {args.username} at {domain}: ")
    else:
        raise UsageError("no-password", "there is no terminal to ask for the password", hint="use --password-stdin")
    if not password:
        raise UsageError("no-password", "the password is empty")
    return password
