"""The plan: a frozen DAG of stages and steps. A value, so that it can be kept, compared and printed."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, Protocol

from builder.errors import Span
from builder.model.config import History, ImageConfig
from builder.model.image import ResolvedImage
from builder.model.platform import Platform


class SourceKind(StrEnum):
    SCRATCH = "scratch"
    IMAGE = "image"
    STAGE = "stage"
    CONTEXT = "context"
    """The main build context."""


class Source(NamedTuple):
    """Where a stage starts, or where COPY, ADD and mounts take files from."""

    kind: SourceKind
    stage: int = -1
    """STAGE: position of the stage in the Buildfile."""
    image: int = -1
    """IMAGE: index into `Plan.images`."""


class InlineFile(NamedTuple):
    """A file whose content stands in the Buildfile (heredoc)."""

    name: str
    content: str


class RunAction(NamedTuple):
    argv: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    """In order, exactly what the process sees (ENV and declared ARG, default PATH), without proxies."""
    cwd: str
    user: str
    """`user[:group]` as the config has it; empty is root."""
    network: str = "default"
    """`default`, `none` or `host`."""
    scripts: tuple[InlineFile, ...] = ()
    """Heredoc scripts with a shebang: `argv[0]` is `/dev/pipes/NAME`, mounted for the step only."""
    proxies: tuple[tuple[str, str], ...] = ()
    """Predefined proxy arguments: seen by the process, in no key, no history."""

    def key_parts(self) -> dict[str, object]:
        """What the instruction itself contributes to the cache key; unset members stay out."""
        parts: dict[str, object] = {"argv": list(self.argv), "env": [list(pair) for pair in self.env], "cwd": self.cwd}
        if self.user:
            parts["user"] = self.user
        if self.network != "default":
            parts["network"] = self.network
        if self.scripts:
            parts["scripts"] = [list(script) for script in self.scripts]
        return parts


class CopyAction(NamedTuple):
    source: Source
    paths: tuple[str, ...]
    """As written, expanded; wildcards not yet matched."""
    dest: str
    """Absolute; a trailing slash is kept, it means a directory."""
    is_add: bool = False
    inline: tuple[InlineFile, ...] = ()
    chown: str = ""
    chmod: str = ""
    link: bool = False

    def key_parts(self) -> dict[str, object]:
        """The destination and how entries change on the way. Which entries they are is content: the runner adds it."""
        parts: dict[str, object] = {"dest": self.dest}
        flags = {"add": self.is_add, "chown": self.chown, "chmod": self.chmod, "link": self.link}
        return parts | {name: value for name, value in flags.items() if value}


class WorkdirAction(NamedTuple):
    path: str
    """Absolute and clean, never `/`."""
    user: str = ""
    """Owner of what is created."""

    def key_parts(self) -> dict[str, object]:
        parts: dict[str, object] = {"path": self.path}
        if self.user:
            parts["user"] = self.user
        return parts


Action = RunAction | CopyAction | WorkdirAction


class Step(NamedTuple):
    """One instruction that makes a layer."""

    stage: int
    number: int
    """From 1 within the stage, as progress shows it: `[build 2/5]`."""
    text: str
    """The instruction as people recognise it, expanded, on one line: `RUN make`, `COPY src /app`."""
    span: Span
    action: Action
    reads: tuple[int, ...] = ()
    """Other stages whose files it reads."""

    @property
    def kind(self) -> str:
        match self.action:
            case RunAction():
                return "run"
            case CopyAction():
                return "add" if self.action.is_add else "copy"
            case WorkdirAction():
                return "workdir"


class Stage(NamedTuple):
    position: int
    """Position in the Buildfile, from 0."""
    name: str
    """Lower case; empty for a stage without a name."""
    base: Source
    platform: Platform
    steps: tuple[Step, ...]
    config: ImageConfig
    """Of the stage's result: platform, config and author are final; `diff_ids`, `history` and `created` are those of
    the base, or empty for scratch."""
    history: tuple[History, ...]
    """What this stage and the stages it inherits from add, oldest first. Entries without `empty_layer` stand for the
    steps, in order. `created` is not set yet."""
    span: Span

    @property
    def title(self) -> str:
        return self.name or f"stage-{self.position}"


class Remark(NamedTuple):
    """A remark on the Buildfile that does not stop the build; `rule` is BuildKit's name where it has one."""

    rule: str
    message: str
    span: Span


class Plan(NamedTuple):
    stages: tuple[Stage, ...]
    """Those that the target needs, each after the ones it depends on; the last is the target."""
    images: tuple[ResolvedImage, ...]
    warnings: tuple[Remark, ...] = ()

    @property
    def target(self) -> Stage:
        return self.stages[-1]


class PlanOptions(NamedTuple):
    """Everything besides the Buildfile and the base images that a plan depends on."""

    target_platform: Platform
    build_platform: Platform
    build_args: tuple[tuple[str, str], ...] = ()
    target: str = ""
    """Stage name or number; empty: the last."""
    labels: tuple[tuple[str, str], ...] = ()
    epoch: int | None = None
    """SOURCE_DATE_EPOCH in seconds, from the environment; a build argument of that name wins."""


class ImageResolver(Protocol):
    def resolve(self, name: str, platform: Platform) -> ResolvedImage:
        """The image that `name` means for `platform`. Raises ImageError or RegistryError; no layer is fetched."""
