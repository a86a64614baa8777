"""pybuild inspect"""

from __future__ import annotations

import argparse

from builder.cli.commands.build import add_insecure
from builder.cli.placeholders import form_of
from builder.cli.tables import print_objects
from builder.images.inspect import inspect_image, inspect_platforms
from builder.model.platform import Platform, host_platform
from builder.store.store import Store
from builder.wiring.store import open_store

HELP = "Show everything about images or containers of the store, or images of a registry."
EXAMPLES = """\
  pybuild inspect app:1.0
  pybuild inspect --format json app:1.0 | jq .Config.Env
  pybuild inspect --platform all app:1.0
  pybuild inspect --remote debian:12
  pybuild inspect --layers app:1.0
  pybuild inspect --format json web | jq .State
  pybuild inspect --format '{{.State.ExitCode}}' web
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("images", nargs="+", metavar="NAME", help="name or id of an image or a container")
    parser.add_argument("--layers", action="store_true", help="what each layer holds and wastes: see `pybuild layers`")
    parser.add_argument("--platform", metavar="PLATFORM", help="of an image for several, or all")
    parser.add_argument("--type", choices=("image", "container"), help="where both have the name")
    parser.add_argument(
        "-f",
        "--format",
        type=form_of("pretty", "json"),
        default="pretty",
        metavar="FORM",
        help="pretty: one array; json: one object a line; or a template such as '{{.State.Status}}'",
    )
    parser.add_argument("--remote", action="store_true", help="as their registries have them, without pulling them")
    parser.add_argument("--raw", action="store_true", help="with --remote: the manifest or index itself, as it is")
    add_insecure(parser.add_argument)


def run(args: argparse.Namespace) -> int:
    if args.remote or args.raw:
        return _remote(args)
    if args.layers:
        return _print_layers(args)
    platform = Platform.parse(args.platform) if args.platform not in (None, "all") else None
    with open_store(args.root) as store:
        if args.type != "image" and (found := _containers(store, args.images, args.type)):
            values = found
        elif args.platform == "all":
            values = [value for name in args.images for value in inspect_platforms(store, name)]
        else:
            values = [inspect_image(store, name, platform, host_platform()) for name in args.images]
    print_objects(values, args.format)
    return 0


def _remote(args: argparse.Namespace) -> int:
    import sys

    from builder.images.remote import inspect_remote, raw_document
    from builder.wiring.registries import registry_sources

    platform = Platform.parse(args.platform, host_platform()) if args.platform else host_platform()
    with registry_sources(args.insecure_registry) as open_source:
        if args.raw:
            for name in args.images:
                sys.stdout.buffer.write(raw_document(open_source, name))
            return 0
        values = [inspect_remote(open_source, name, platform) for name in args.images]
    print_objects(values, args.format)
    return 0


def _print_layers(args: argparse.Namespace) -> int:
    from builder.cli.commands.layers import analysed, print_layers

    for name in args.images:
        one = argparse.Namespace(**vars(args), image=name, files=False, layer=0)
        analysis, tables, _ = analysed(one)
        print_layers(analysis, tables, one)
    return 0


def _containers(store: Store, names: list[str], kind: str | None) -> list[dict[str, object]]:
    """None at all where one of the names is no container's, and images may be meant; they come first, as in docker."""
    from builder.containers.inspect import inspect_container
    from builder.containers.records import find_container
    from builder.errors import StoreError

    try:
        return [inspect_container(store, find_container(store, name)) for name in names]
    except StoreError as error:
        if error.code == "no-such-container" and kind is None:
            return []
        raise
