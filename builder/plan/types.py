"""The plan: a frozen DAG of stages and steps. A value, so that it can be kept, compared and printed."""

from __future__ import annotations

from enum import StrEnum

from builder.errors import Span
from builder.lean import NamedTuple, Protocol
from builder.model.config import History, ImageConfig, ResolvedImage
from builder.model.digest import Digest
from builder.model.platform import Platform


class SourceKind(StrEnum):
    SCRATCH = "scratch"
    IMAGE = "image"
    STAGE = "stage"
    CONTEXT = "context"
    """Files of a build context."""


class Source(NamedTuple):
    """Where a stage starts, or where COPY, ADD and mounts take files from."""

    kind: SourceKind
    stage: int = -1
    """STAGE: position of the stage in the Buildfile."""
    image: int = -1
    """IMAGE: index into `Plan.images`."""
    context: str = ""
    """CONTEXT: the name of a named context as `NamedContext` has it; empty: the main one."""


class InlineFile(NamedTuple):
    """A file whose content stands in the Buildfile (heredoc)."""

    name: str
    content: str


class RunMount(NamedTuple):
    """`RUN --mount`: something that one process sees at `target`, and that leaves no trace in the layer."""

    kind: str
    """`bind`, `cache`, `tmpfs`, `secret` or `ssh`."""
    target: str
    """Absolute and clean, never `/`; empty: a secret that is only a variable."""
    source: Source = Source(SourceKind.SCRATCH)
    """bind: whose files are seen. cache: whose files a new one begins with."""
    path: str = ""
    """In the source, without a slash at its start; empty is all of it."""
    readonly: bool = False
    id: str = ""
    sharing: str = ""
    """cache: `shared`, `private` or `locked`."""
    size: int = 0
    """tmpfs: bytes at most; 0 is the kernel's limit."""
    required: bool = False
    env: str | None = None
    """secret: the variable that gets its value."""
    mode: int | None = None
    uid: int | None = None
    gid: int | None = None

    def key_parts(self) -> dict[str, object]:
        """All but where content comes from, as content counts by itself, and never what a secret's value is."""
        ours = {"kind": self.kind, "target": self.target}
        rest = zip(self._fields, self, strict=True)
        defaults = self._field_defaults
        hidden = ("kind", "target", "source", "path")
        return ours | {name: value for name, value in rest if name not in hidden and value != defaults[name]}


class Ulimit(NamedTuple):
    name: str
    soft: int
    """-1 is unlimited."""
    hard: int


class Device(NamedTuple):
    """`RUN --device`: a device by its name in the machine's CDI files."""

    name: str
    required: bool = False
    allowed: bool = False
    """By the command line; in no key."""


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
    """Heredoc scripts with a shebang: mode 0755 at `/dev/pipes/NAME` for this step only. The last word of `argv` names
    the path: BuildKit lets the shell start it."""
    proxies: tuple[tuple[str, str], ...] = ()
    """Predefined proxy arguments: seen by the process, in no key, no history."""
    mounts: tuple[RunMount, ...] = ()
    """As written; in which order they are mounted follows from their targets."""
    insecure: bool = False
    """`--security=insecure`: every capability, and nothing of the machine hidden."""
    devices: tuple[Device, ...] = ()
    hostname: str = ""
    """Empty: the sandbox's own default, as in `shm_size` 0."""
    extra_hosts: tuple[tuple[str, str], ...] = ()
    """Name and address. As in BuildKit only the names are in the key."""
    shm_size: int = 0
    ulimits: tuple[Ulimit, ...] = ()

    def key_parts(self) -> dict[str, object]:
        """What the instruction itself contributes to the cache key; unset members stay out."""
        parts: dict[str, object] = {"argv": list(self.argv), "env": [list(pair) for pair in self.env], "cwd": self.cwd}
        if self.user:
            parts["user"] = self.user
        if self.network != "default":
            parts["network"] = self.network
        if self.scripts:
            parts["scripts"] = [list(script) for script in self.scripts]
        if self.mounts:
            parts["mounts"] = [mount.key_parts() for mount in sorted(self.mounts, key=lambda mount: mount.target)]
        return parts | self._surroundings()

    def _surroundings(self) -> dict[str, object]:
        parts: dict[str, object] = {
            "insecure": self.insecure,
            "devices": [[device.name, device.required] for device in self.devices],
            "hostname": self.hostname,
            "extra_hosts": [name for name, _ in self.extra_hosts],
            "shm_size": self.shm_size,
            "ulimits": [list(limit) for limit in self.ulimits],
        }
        return {name: value for name, value in parts.items() if value}


class RemoteSource(NamedTuple):
    """What ADD fetches: the file behind a URL, or the files of a git repository."""

    at: int
    """How many of the action's `paths` stand before it."""
    url: str
    """With `is_git` what `git` takes as a repository."""
    checksum: str = ""
    """SHA-256 in hex of the file; the commit, or the beginning of its id."""
    is_git: bool = False
    ref: str = ""
    subdir: str = ""
    keep_git_dir: bool = False
    submodules: bool = True
    fetch_by_commit: bool = False


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
    """Four or more octal digits, or symbolic as `chmod(1)` has it (`u=rwX,go=rX`): checked already."""
    link: bool = False
    """Independent of the layers below. Never together with `chmod`: BuildKit ignores `--link` there."""
    unpack: bool | None = None
    """ADD: whether archives are unpacked; None is the default, local ones only."""
    remotes: tuple[RemoteSource, ...] = ()
    """ADD: what is fetched, in order. What comes of it is content."""
    parents: bool = False
    """Directories of the sources are kept, from `/./` on where a source has that."""
    exclude: tuple[str, ...] = ()
    """Patterns of what is left out below sources that are directories; as written, never expanded."""

    def key_parts(self) -> dict[str, object]:
        """The destination and how entries change on the way. Which entries they are is content: the runner adds it."""
        parts: dict[str, object] = {"dest": self.dest}
        flags: dict[str, object] = {"add": self.is_add, "chown": self.chown, "chmod": self.chmod, "link": self.link}
        flags |= {"parents": self.parents, "exclude": list(self.exclude)}
        parts |= {name: value for name, value in flags.items() if value}
        return parts if self.unpack is None else parts | {"unpack": self.unpack}


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
    arguments: tuple[str, ...] = ()
    """Which of the variables that it sees were set by ARG. For explanations, as `variables`."""
    variables: tuple[tuple[str, str], ...] = ()
    """What expanding its words read, with the values; of a RUN nothing: its environment is in its action."""

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
    offset: int = 0
    """How far `position` is from that in the Buildfile, where plans of several platforms are one."""
    label: str = ""
    """The platform, where several are built."""

    @property
    def title(self) -> str:
        return self.name or f"stage-{self.position - self.offset}"

    @property
    def full_title(self) -> str:
        """Tells it from the same stage of other platforms."""
        return f"{self.label} {self.title}" if self.label else self.title


class Remark(NamedTuple):
    """A remark on the Buildfile that does not stop the build; `rule` is BuildKit's name where it has one."""

    rule: str
    message: str
    span: Span


class Plan(NamedTuple):
    stages: tuple[Stage, ...]
    """Those that the target needs, each after the ones it depends on; the last is the target."""
    images: tuple[ResolvedImage, ...]
    """What the resolver answered, in the order in which it was asked; no name and platform twice."""
    image_platforms: tuple[Platform, ...] = ()
    """The platform that each of `images` was asked for, in the same order."""
    warnings: tuple[Remark, ...] = ()
    epoch: int | None = None
    """SOURCE_DATE_EPOCH in seconds, wherever it came from."""
    targets: tuple[int, ...] = ()
    """Several platforms: the place in `stages` of each one's target. Empty: the last stage is the only target."""
    warnings_fail: bool = False
    """The warnings end the build before a step runs (`# check=error=true`)."""
    epoch_from: RemoteSource | None = None
    """What SOURCE_DATE_EPOCH names: the plan holds as long as that has the time `epoch`."""

    @property
    def target(self) -> Stage:
        return self.stages[-1]

    @property
    def results(self) -> tuple[Stage, ...]:
        """The stages that make the images, in the order of the platforms that were asked for."""
        return tuple(self.stages[place] for place in self.targets) or (self.target,)

    @property
    def bases(self) -> tuple[tuple[str, Platform, Digest], ...]:
        """Everything outside the Buildfile and the options that the plan depends on: the plan still holds as long as
        resolving each name for its platform gives the same digest."""
        return tuple(
            (image.name, platform, image.digest)
            for image, platform in zip(self.images, self.image_platforms, strict=True)
        )


class NamedContext(NamedTuple):
    """What `--build-context` puts in the place of a stage or an image."""

    name: str
    """In familiar form without `:latest`; one that is for one platform only ends in `::OS/ARCHITECTURE`."""
    image: str = ""
    """What the resolver is asked for; `scratch` is no image at all. Empty: files, which whoever carries out the steps
    has under `name`."""


class Surroundings(NamedTuple):
    """What the command line says of every RUN's surroundings."""

    network: str = "default"
    """Of a RUN that does not name one."""
    extra_hosts: tuple[tuple[str, str], ...] = ()
    shm_size: int = 0
    ulimits: tuple[Ulimit, ...] = ()
    allowed: tuple[str, ...] = ()
    """What a Buildfile may ask for: `network.host`, `security.insecure`, `device`, `device=NAME`."""


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
    platform_given: bool = False
    """Whether `target_platform` was asked for. Only then the image says so, else what its base says."""
    contexts: tuple[NamedContext, ...] = ()
    surroundings: Surroundings = Surroundings()
    remote_contexts: tuple[tuple[str, RemoteSource], ...] = ()
    """Contexts that are fetched, by name; empty: the main one."""


class ImageResolver(Protocol):
    def resolve(self, name: str, platform: Platform) -> ResolvedImage:
        """The image that `name` means for `platform`. Raises ImageError or RegistryError; no layer is fetched."""
