"""`pybuild build`: a Buildfile to an image."""

from __future__ import annotations

import os
import sys

from builder.errors import StepError
from builder.lean import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from builder.pipeline.build import BuildOptions, BuildResult
    from builder.pipeline.debugging import Request
    from builder.plan.types import Surroundings
    from builder.progress.events import Reporter

HELP = "Build an image from a Buildfile."
EXAMPLES = """\
  pybuild -t app:1.0                      build the current directory, name the image
  pybuild -f Buildfile -t app:1.0 .       the same, said in full
  pybuild --build-arg VERSION=2 --target test .
  pybuild -o type=oci,dest=app.tar .      write an OCI archive instead of naming an image
  pybuild -t app -o type=image,compression=zstd -o type=docker,dest=app.tar .
  pybuild -t registry.example/app:1.0 --push .
  pybuild -o out .                        write the files of the result into a folder
  pybuild --no-cache-filter test .        run the steps of one stage again
  pybuild --watch -t app .                build again whenever something changes
  pybuild --dry-run .                     what would hit and what would run
  pybuild --explain --summary out.md .    why each step ran, also as Markdown
  pybuild --on-error shell .              look around where a RUN failed
  pybuild -q -t app . | xargs pybuild inspect"""

ENTERED = ("run-failed", "cannot-start")
"""Codes of failures that leave a filesystem to look at."""
PROGRESS = ("auto", "tty", "plain", "rawjson", "quiet", "none")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "context",
        nargs="?",
        default=".",
        metavar="CONTEXT",
        help="where COPY and ADD read: a folder (default: .), a tar, the URL of a git repository, of a tar or of a "
        "Buildfile, or - for a tar or a Buildfile on standard input",
    )
    add(
        "-f",
        "--file",
        metavar="FILE",
        help="Buildfile, - for standard input, or a URL; a path in CONTEXT where that is no folder "
        "(default: Buildfile, Dockerfile or Containerfile in CONTEXT)",
    )
    add("-t", "--tag", action="append", default=[], metavar="NAME[:TAG]", help="name of the image; may be repeated")
    add(
        "--build-arg",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="value of an ARG; without =VALUE from the environment",
    )
    add(
        "--build-context",
        action="append",
        default=[],
        metavar="NAME=WHERE",
        help="further context: a folder, docker-image://IMAGE, oci-layout://FOLDER[:TAG|@DIGEST] or a URL; "
        "NAME in COPY --from, FROM and mounts, also in the place of a stage or image of that name",
    )
    add("--target", default="", metavar="STAGE", help="stage to build (default: the last)")
    add(
        "--platform",
        action="append",
        default=[],
        metavar="OS/ARCH[,...]",
        help="platforms to build for (default: this machine's); several make an image index",
    )
    add("--label", action="append", default=[], metavar="NAME=VALUE", help="label of the image")
    add(
        "--annotation",
        action="append",
        default=[],
        metavar="[TYPE:]KEY=VALUE",
        help="annotate the image; TYPE: manifest (default), manifest-descriptor, index, index-descriptor",
    )
    _add_surroundings(parser.add_argument_group("what RUN gets").add_argument)
    _add_caching(parser.add_argument_group("cache and registries").add_argument)
    _add_results(parser.add_argument_group("where the result goes").add_argument)
    _add_during(parser.add_argument_group("while it builds").add_argument)
    _add_questions(parser.add_argument_group("instead of a build").add_argument)


def _add_surroundings(add: Callable[..., object]) -> None:
    def repeated(name: str, metavar: str, text: str) -> None:
        add(name, action="append", default=[], metavar=metavar, help=text)

    repeated("--secret", "id=ID[,src=FILE|env=NAME]", "a secret for RUN --mount=type=secret, from a file or a variable")
    repeated("--ssh", "ID[=SOCKET|KEY,...]", "an SSH agent, or keys, for RUN --mount=type=ssh (default: SSH_AUTH_SOCK)")
    repeated("--allow", "RIGHT", "let RUN have network.host, security.insecure or device[=NAME]")
    repeated("--add-host", "NAME:ADDRESS", "a line in the /etc/hosts of RUN")
    repeated("--ulimit", "NAME=SOFT[:HARD]", "a limit of RUN's processes")
    add("--network", default="default", choices=("default", "none", "host"), help="network of RUN (default: default)")
    add("--shm-size", default="", metavar="BYTES", help="size of RUN's /dev/shm, such as 256m (default: 64m)")
    add("--runtime", default="native", metavar="NAME", help="what runs RUN: native, crun or runc (default: native)")


def _add_caching(add: Callable[..., object]) -> None:
    add("--pull", action="store_true", help="look for newer base images in their registries")
    add_insecure(add)
    add(
        "--cache-from",
        action="append",
        default=[],
        metavar="SPEC",
        help="ask a cache elsewhere what is not cached here: type=registry,ref=NAME or type=local,src=FOLDER; NAME "
        "alone is a registry's; an image with an inline cache is one, too",
    )
    add(
        "--cache-to",
        action="append",
        default=[],
        metavar="SPEC",
        help="give what was built to a cache: type=registry,ref=NAME, type=local,dest=FOLDER or type=inline "
        "[,mode=min|max][,ignore-error=true]",
    )
    add("--no-cache", action="store_true", help="run every step")
    add("--no-cache-filter", action="append", default=[], metavar="STAGE[,STAGE]", help="run the steps of these stages")


def _add_results(add: Callable[..., object]) -> None:
    add(
        "-o",
        "--output",
        action="append",
        default=[],
        metavar="SPEC",
        help="type=image|registry|oci|docker|tar|local|cacheonly[,dest=PATH][,push=true][,push-by-digest=true]"
        "[,compression=gzip|zstd|uncompressed][,compression-level=N][,force-compression=true][,oci-mediatypes=false]; "
        "or a folder, or - for a tar on stdout; may be repeated",
    )
    add("--push", action="store_true", help="push the image to the registries of its names: -o type=registry")
    add("--iidfile", metavar="FILE", help="write the image id to FILE")
    add("--metadata-file", metavar="FILE", help="write what was built to FILE, as JSON")
    add("--format", default="text", choices=("text", "json"), help="print the result on stdout as JSON")


def _add_during(add: Callable[..., object]) -> None:
    add("--watch", action="store_true", help="build again whenever an input of the build changes, and say what changed")
    add("--explain", action="store_true", help="say of each hit what it was taken from, and what would be faster")
    add("--summary", metavar="FILE", help="write what was built, and why, to FILE as Markdown")
    add(
        "--on-error",
        default="fail",
        metavar="fail|shell|export,dest=PATH",
        help="when a RUN fails: open a shell in its filesystem, or write that to a folder or a .tar (default: fail)",
    )
    add("--progress", default="auto", choices=PROGRESS, help="display on stderr (default: auto)")
    add("-q", "--quiet", action="store_true", help="no progress; print the image id")


def _add_questions(add: Callable[..., object]) -> None:
    add(
        "--check",
        action="store_const",
        dest="call",
        const="check",
        default="build",
        help="check the Buildfile instead: --call=check",
    )
    add("--fix", action="store_true", help="rewrite in the Buildfile what checks find and can be rewritten safely")
    add("--dry-run", action="store_true", help="say which steps would hit or run, and run none; with --fix: show it")
    add(
        "--call",
        default="build",
        metavar="WHAT[,format=json]",
        help="ask instead of building: check, outline or targets (default: build)",
    )


def instead_of(option: str) -> str:
    """What stands here for an option of another builder; empty for a name that is none."""
    from builder.cli.other_builders import INSTEAD

    return INSTEAD.get(option, "")


def add_insecure(add: Callable[..., object]) -> None:
    add(
        "--insecure-registry",
        action="append",
        default=[],
        metavar="HOST[:PORT]",
        help="this registry (or all of a network, ADDRESS/BITS) may be spoken to by plain http, or has a certificate "
        "that nobody vouches for",
    )


def run(args: argparse.Namespace) -> int:
    if args.fix:
        from builder.cli.commands.calls import run_fix

        return run_fix(args, options_of(args))
    if args.call != "build":
        from builder.cli.commands.calls import Call, run_call

        call = Call.parse(args.call)
        if call.name != "build":
            if args.dry_run:
                from builder.errors import UsageError

                raise UsageError(
                    "bad-option", f"--dry-run does not go with --call={call.name}", hint="or did you mean --fix?"
                )
            return run_call(call._replace(as_json=call.as_json or args.format == "json"), options_of(args))
    if args.dry_run and not args.watch:
        from builder.cli.commands.dry_run import run_dry

        return run_dry(args, options_of(args))
    if args.output:
        _check_stdout(args)
    on_error = parse_on_error(args.on_error)
    if on_error:
        refuse_stdin(args.context, args.file, "--on-error")
    if args.watch:
        from builder.cli.commands.watch import run_watch

        return run_watch(args, options_of(args), lambda options: _build_once(args, options))
    try:
        _build_once(args, options_of(args))
    except StepError as error:
        if on_error is None or error.code not in ENTERED:
            raise
        return _after_failure(args, error, on_error)
    return 0


def _build_once(args: argparse.Namespace, options: BuildOptions) -> None:
    from builder.cli.interrupts import interrupted_by_signals
    from builder.progress.choose import make_reporter
    from builder.wiring.build import build

    reporter = make_reporter("quiet" if args.quiet else args.progress, sys.stderr, os.environ)
    if args.explain or args.summary or os.environ.get("GITHUB_STEP_SUMMARY"):
        from builder.cli.commands.after_build import Heard, check_summary

        if args.summary:
            check_summary(args.summary)
        reporter = Heard(reporter)
    try:
        with interrupted_by_signals():
            result = build(options, reporter)
    finally:
        reporter.close()
        _tell(args, reporter)
    print_result(args, result)


def _tell(args: argparse.Namespace, reporter: Reporter) -> None:
    build = getattr(reporter, "build", "")
    if build:
        from builder.cli.commands.after_build import tell_afterwards

        tell_afterwards(args.root, build, args.summary, explain=args.explain)


def announce(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def parse_on_error(text: str) -> Request | None:
    """What to do with the failed step; None is nothing."""
    if text == "fail":
        return None
    from builder.errors import UsageError
    from builder.pipeline.debugging import Request

    kind, _, dest = text.partition(",dest=")
    if text == "shell" or (kind == "export" and dest):
        return Request(export=dest)
    raise UsageError("bad-option", f"--on-error {text}: expected fail, shell or export,dest=PATH")


def refuse_stdin(context: str, file: str | None, what: str) -> None:
    """What enters a step reads context and Buildfile once more."""
    if "-" in (context, file):
        from builder.errors import UsageError

        given = "the context" if context == "-" else "the Buildfile"
        hint = "write it to a file first: pybuild build FILE.tar, or -f FILE"
        raise UsageError("stdin-once", f"{what} reads {given} again, which standard input gives only once", hint=hint)


def _after_failure(args: argparse.Namespace, error: StepError, request: Request) -> int:
    """The error is said first: it is what brought the user here."""
    from builder.cli.errors import print_error
    from builder.progress.choose import make_reporter
    from builder.wiring.questions import debug

    print_error(error, sys.stderr)
    debug(options_of(args), request, make_reporter("none", sys.stderr, os.environ), announce)
    if request.export:
        print(f"the files of the failed step are in {request.export}", file=sys.stderr)
    return error.exit_code


def _check_stdout(args: argparse.Namespace) -> None:
    """Standard output can carry one thing."""
    takers = [text for text in args.output if text == "-" or "dest=-" in text.split(",")]
    if not takers:
        return
    takers += ["--quiet"] * args.quiet + ["--format json"] * (args.format == "json")
    if len(takers) > 1:
        from builder.errors import UsageError

        hint = "write one of them to a file: dest=FILE, --iidfile, --metadata-file"
        raise UsageError("stdout-twice", f"{' and '.join(takers)} would all be written to standard output", hint=hint)


def options_of(args: argparse.Namespace) -> BuildOptions:
    from builder.pipeline.build import BuildOptions

    filters = [name.strip() for item in args.no_cache_filter for name in item.split(",")]
    return BuildOptions(
        context=args.context,
        file=args.file,
        tags=tuple(args.tag),
        build_args=_build_args(args.build_arg),
        target=args.target,
        platform=",".join(args.platform),
        labels=tuple(_pair(item, "--label") for item in args.label),
        annotations=tuple(args.annotation),
        pull=args.pull,
        no_cache=args.no_cache,
        no_cache_filter=tuple(filters),
        outputs=tuple(args.output),
        iidfile=args.iidfile,
        metadata_file=args.metadata_file,
        explain=args.explain,
        runtime=args.runtime,
        root=args.root,
        surroundings=_surroundings(args),
        secrets=tuple(args.secret),
        ssh=tuple(args.ssh),
        cache_from=tuple(args.cache_from),
        cache_to=tuple(args.cache_to),
        build_contexts=tuple(_pair(item, "--build-context") for item in args.build_context),
        push=args.push,
        insecure_registries=tuple(args.insecure_registry),
    )


def _surroundings(args: argparse.Namespace) -> Surroundings:
    from builder.plan.types import Surroundings

    if not (args.allow or args.add_host or args.shm_size or args.ulimit or args.network != "default"):
        return Surroundings()
    from builder.cli.surroundings import extra_host, size_of, ulimit_of
    from builder.plan.asked import surroundings

    return surroundings(
        network=args.network,
        hosts=[extra_host(text) for text in args.add_host],
        shm_size=size_of(args.shm_size) if args.shm_size else 0,
        ulimits=[ulimit_of(text) for text in args.ulimit],
        allow=[text for item in args.allow for text in item.split(",")],
    )


def _build_args(given: list[str]) -> tuple[tuple[str, str], ...]:
    """Those of docker's configuration and of the environment come first: what is said on the command line wins."""
    asked = [pair for item in given for pair in _build_arg(item)]
    names = {name for name, _ in asked}
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    added = [*_docker_proxies(), *([("SOURCE_DATE_EPOCH", epoch)] if epoch else [])]
    return (*(pair for pair in added if pair[0] not in names), *asked)


def _docker_proxies() -> tuple[tuple[str, str], ...]:
    """Most machines that build here have no such file: nothing is imported for it then."""
    folder = os.environ.get("DOCKER_CONFIG") or f"{os.environ.get('HOME', '')}/.docker"
    path = f"{folder}/config.json"
    if not os.path.exists(path):
        return ()
    from builder.cli.docker_config import proxy_arguments

    return proxy_arguments(path)


def _build_arg(text: str) -> list[tuple[str, str]]:
    """`NAME=VALUE`, or `NAME` alone: the value of this name in the environment, nothing where it has none."""
    name, equals, value = text.partition("=")
    if equals:
        return [(name, value)]
    return [(name, os.environ[name])] if name in os.environ else []


def _pair(text: str, option: str) -> tuple[str, str]:
    from builder.errors import UsageError

    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UsageError("bad-option", f"{option} {text}: expected NAME=VALUE")
    return name, value


def print_result(args: argparse.Namespace, result: BuildResult) -> None:
    if args.format == "json":
        import json

        print(json.dumps(result.to_json(), indent=2))
    elif args.quiet:
        print(result.image_id)
