"""pybuild: a Dockerfile-compatible image builder with a layer cache that explains itself, without a daemon.

    from builder import build

    result = build("path/to/context", tags=["app:1.0"], on_event=print)
    print(result.image_id, result.cached, "of", result.steps)

Nothing is imported before it is used: the command `pybuild` passes through here, and its start is part of its speed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from builder.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from builder.pipeline.build import BuildResult
    from builder.progress.events import Event

__version__ = "0.1.0"
__all__ = ["__version__", "build"]


def build(  # noqa: PLR0913 - each is a flag of the command, given by name
    context: str = ".",
    *,
    file: str | None = None,
    tags: Sequence[str] = (),
    build_args: Mapping[str, str] | None = None,
    target: str = "",
    platform: str = "",
    labels: Mapping[str, str] | None = None,
    annotations: Sequence[str] = (),
    pull: bool = False,
    no_cache: bool = False,
    no_cache_filter: Sequence[str] = (),
    outputs: Sequence[str] = (),
    push: bool = False,
    insecure_registries: Sequence[str] = (),
    root: str | None = None,
    runtime: str = "native",
    build_contexts: Mapping[str, str] | None = None,
    epoch: int | None = None,
    secrets: Sequence[str] = (),
    ssh: Sequence[str] = (),
    network: str = "default",
    add_hosts: Mapping[str, str] | None = None,
    shm_size: int = 0,
    ulimits: Mapping[str, int | tuple[int, int]] | None = None,
    allow: Sequence[str] = (),
    iidfile: str | None = None,
    metadata_file: str | None = None,
    on_event: Callable[[Event], None] | None = None,
) -> BuildResult:
    """What `pybuild build` does, with events instead of printing. Afterwards the image is in the store at `root`.

    `on_event` hears every event of the build, from several threads but one at a time; the last is BuildFinished.
    `epoch` is SOURCE_DATE_EPOCH in seconds; the environment is not looked at. `secrets` and `ssh` are
    written as on the command line: `id=NAME,src=FILE`. `network`, `add_hosts` (name to address), `shm_size` in bytes,
    `ulimits` (one number, or soft and hard) and `allow` (`network.host`, `security.insecure`, `device`) are for every
    RUN. Raises BuilderError.
    """
    from builder.pipeline.build import BuildOptions
    from builder.plan.asked import surroundings
    from builder.progress.listener import Listener
    from builder.wiring.build import build as run

    options = BuildOptions(
        context=context, file=file, target=target, platform=platform, root=root, runtime=runtime, epoch=epoch,
        pull=pull, push=push, no_cache=no_cache, iidfile=iidfile, metadata_file=metadata_file,
        tags=tuple(tags), annotations=tuple(annotations), no_cache_filter=tuple(no_cache_filter),
        outputs=tuple(outputs), insecure_registries=tuple(insecure_registries),
        secrets=tuple(secrets), ssh=tuple(ssh),
        build_args=_pairs(build_args), labels=_pairs(labels), build_contexts=_pairs(build_contexts),
        surroundings=surroundings(network, _pairs(add_hosts), shm_size, _limits(ulimits or {}), allow),
    )  # fmt: skip
    return run(options, Listener(on_event or _ignore))


def _pairs(given: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
    return tuple((given or {}).items())


def _limits(ulimits: Mapping[str, int | tuple[int, int]]) -> list[tuple[str, int, int]]:
    pairs = [(name, limit if isinstance(limit, tuple) else (limit, limit)) for name, limit in ulimits.items()]
    return [(name, soft, hard) for name, (soft, hard) in pairs]


def _ignore(_event: Event) -> None:
    pass
