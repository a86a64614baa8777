"""The options of `pybuild run`: the list, and what they ask for together."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from builder.cli.container_options.log import log_of
from builder.cli.container_options.mounts import devices_of, mounts_of
from builder.cli.container_options.not_offered import check_restart, refuse_others
from builder.cli.container_options.ports import exposed_of, ports_of
from builder.cli.container_options.process import (
    capabilities_of,
    environment_of,
    hosts_of,
    labels_of,
    limits_of,
    resolver_of,
    security_of,
)
from builder.cli.surroundings import size_of, ulimit_of
from builder.configuration.read import read_configuration
from builder.configuration.types import Containers
from builder.containers.create import Asked
from builder.containers.types import Settings
from builder.errors import UsageError
from builder.images.resolve import PullPolicy
from builder.sandbox.spec import DEFAULT_SHM_SIZE, Ulimit


def add_options(parser: argparse.ArgumentParser) -> None:
    """What `run` and `create` have in common: everything but how to be attached, the image and the command."""
    _add_process(parser)
    _add_surroundings(parser)
    refuse_others(parser)
    add = parser.add_argument
    add("-i", "--interactive", action="store_true", help="what is typed goes to the process")
    add("-t", "--tty", action="store_true", help="a terminal for the process")
    add("--rm", action="store_true", help="remove the container, and its volumes without names, when it ends")
    add("--name", default="", help="name of the container")
    add("--cidfile", metavar="FILE", help="write the id to a new file")
    add("--pull", default="missing", choices=[policy.value for policy in PullPolicy], help="when to ask a registry")
    add("-q", "--quiet", action="store_true", help="say nothing of an image that is pulled")
    add("--platform", default="", help="which one of an image for several platforms")
    add("--restart", default="no", metavar="POLICY", help="no: there is no daemon that would start it again")
    add("--log-driver", default="", metavar="KIND", help="json-file, or none (default: json-file)")
    add("--log-opt", action="append", default=[], metavar="NAME=VALUE", help="max-size (20m) and max-file (5)")
    add("--runtime", default="native", help="native, crun or runc (default: native)")


def add_image_and_command(parser: argparse.ArgumentParser) -> None:
    """Both of them last: what stands after the image is the command's, options too."""
    parser.add_argument("image", metavar="IMAGE", help="name or id")
    rest = parser.add_argument(
        "command", nargs=argparse.REMAINDER, metavar="COMMAND", help="instead of the image's CMD"
    )
    rest.required = False  # or argparse names it among what is missing


def _add_process(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("-e", "--env", action="append", default=[], metavar="NAME[=VALUE]", help="a variable of the environment")
    add("--env-file", action="append", default=[], metavar="FILE", help="variables, one a line")
    add("-l", "--label", action="append", default=[], metavar="KEY=VALUE", help="a label of the container")
    add("--label-file", action="append", default=[], metavar="FILE", help="labels, one a line")
    add("-w", "--workdir", default="", metavar="DIR", help="where the command starts")
    add("-u", "--user", default="", metavar="USER[:GROUP]", help="names or numbers")
    add("--entrypoint", metavar="COMMAND", help="instead of the image's ENTRYPOINT; empty: none")
    add("--group-add", action="append", default=[], metavar="GROUP", help="one more group of the user")
    add("--no-healthcheck", action="store_true", help="without the image's HEALTHCHECK")
    add("--security-opt", action="append", default=[], metavar="OPTION", help="no-new-privileges, seccomp=unconfined")
    add("--init", action="store_true", help="a process 1 that hands on signals and collects orphans")
    add("--privileged", action="store_true", help="every right that we have, and the machine's devices")
    add(
        "--cap-add", action="append", default=[], metavar="CAPABILITY", help="one more right, such as NET_ADMIN, or ALL"
    )
    add("--cap-drop", action="append", default=[], metavar="CAPABILITY", help="one right less, or ALL")
    add("-m", "--memory", default="", metavar="SIZE", help="memory at most, such as 512m")
    add("--cpus", default="", metavar="NUMBER", help="processors, such as 1.5")
    add("--pids-limit", default="", metavar="NUMBER", help="processes at most")
    add("--ulimit", action="append", default=[], metavar="NAME=SOFT[:HARD]", help="a limit of the processes")
    add("--shm-size", default="", metavar="SIZE", help="size of /dev/shm, such as 256m (default: 64m)")
    add("--stop-signal", default="", metavar="SIGNAL", help="what `stop` sends")
    add("--stop-timeout", type=int, default=10, metavar="SECONDS", help="how long `stop` waits (default: 10)")


def _add_surroundings(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("-v", "--volume", action="append", default=[], metavar="[SOURCE:]PATH[:ro]", help="a folder, file or volume")
    add("--mount", action="append", default=[], metavar="type=TYPE,...", help="bind, volume or tmpfs")
    add("--device", action="append", default=[], metavar="PATH[:PATH[:rwm]]", help="a device of this machine")
    add("--tmpfs", action="append", default=[], metavar="PATH[:OPTIONS]", help="a folder in memory")
    add("--read-only", action="store_true", help="only mounts can be written to")
    add("--network", "--net", default="", metavar="KIND", help="host, none, or private (with pasta or slirp4netns)")
    add(
        "-p",
        "--publish",
        action="append",
        default=[],
        metavar="[[ADDRESS:]HOST:]PORT[/udp]",
        help="a port that leads into the container",
    )
    add("-P", "--publish-all", action="store_true", help="all ports that the image exposes, as free ones")
    add("--expose", action="append", default=[], metavar="PORT[/udp]", help="beside those that the image exposes")
    add("--dns", action="append", default=[], metavar="ADDRESS", help="a server to ask for names")
    add("--dns-search", action="append", default=[], metavar="DOMAIN", help="what names without a dot may lie in")
    add(
        "--dns-option",
        "--dns-opt",
        action="append",
        default=[],
        metavar="OPTION",
        help="a line of resolv.conf's options",
    )
    add("--hostname", default="", metavar="NAME", help="default: the beginning of the id")
    add("--add-host", action="append", default=[], metavar="NAME:ADDRESS", help="a line of /etc/hosts")


def asked_of(args: argparse.Namespace, ours: Mapping[str, str]) -> Asked:
    if args.init and args.runtime != "native":
        raise UsageError("bad-option", "--init is the native runtime's", hint="leave out --init or --runtime")
    check_restart(args.restart)
    return Asked(
        image=args.image,
        command=tuple(args.command),
        name=args.name,
        env=environment_of(args.env, args.env_file, ours),
        labels=labels_of(args.label, args.label_file),
        workdir=args.workdir,
        user=args.user,
        entrypoint=args.entrypoint,
        hostname=args.hostname,
        network=args.network,
        ports=ports_of(args.publish),
        publish_all=args.publish_all,
        expose=exposed_of(args.expose),
        mounts=mounts_of(args.volume, args.mount, args.tmpfs, devices_of(args.device)),
        settings=_settings(args, read_configuration(ours).containers),
        health=not args.no_healthcheck,
        stop_signal=args.stop_signal,
        pull=PullPolicy(args.pull),
        platform=args.platform,
    )


def _settings(args: argparse.Namespace, configured: Containers) -> Settings:
    no_new_privileges, filtered = security_of(args.security_opt)
    return Settings(
        extra_hosts=hosts_of(args.add_host),
        resolver=resolver_of(args.dns, args.dns_search, args.dns_option),
        limits=limits_of(args.memory, args.cpus, args.pids_limit),
        ulimits=tuple(Ulimit(*ulimit_of(text)) for text in args.ulimit),
        shm_size=size_of(args.shm_size) if args.shm_size else DEFAULT_SHM_SIZE,
        groups=tuple(args.group_add),
        privileged=args.privileged,
        cap_add=tuple(args.cap_add),
        cap_drop=tuple(args.cap_drop),
        capabilities=capabilities_of(args.cap_add, args.cap_drop),
        no_new_privileges=no_new_privileges,
        filtered=filtered,
        readonly=args.read_only,
        tty=args.tty,
        interactive=args.interactive,
        stdin_once=args.interactive and not getattr(args, "detach", False),
        init=args.init,
        remove=args.rm,
        runtime=args.runtime,
        stop_seconds=args.stop_timeout,
        log=log_of(args.log_driver, args.log_opt, configured),
    )
