"""Typed instructions: what a Buildfile says, before any variable is expanded.

`Node` is the generic form that the parser yields and `pybuild parse` prints; the classes below it are what a
`Node` means once flags and arguments have been read (BuildKit's `parser.Node` and `instructions.Command`).
"""

from __future__ import annotations

from typing import NamedTuple

from builder.errors import Span


class Heredoc(NamedTuple):
    name: str
    content: str
    """As it stands in the file, tabs and CR included."""
    expand: bool
    """False when the word was quoted."""
    chomp: bool
    """`<<-`: leading tabs are to be stripped."""
    fd: int = 0

    @property
    def body(self) -> str:
        """The content as the instruction sees it: tabs stripped where `chomp` says so."""
        if not self.chomp:
            return self.content
        return "\n".join(line.lstrip("\t") for line in self.content.split("\n"))


class Node(NamedTuple):
    name: str
    """Upper case."""
    span: Span
    flags: tuple[str, ...] = ()
    """As written, e.g. `--from=build`."""
    args: tuple[str, ...] = ()
    json: bool = False
    heredocs: tuple[Heredoc, ...] = ()
    original: str = ""
    """The logical line after joining continuations, without heredoc bodies."""
    sub: Node | None = None
    """ONBUILD: the instruction inside."""
    comments: tuple[str, ...] = ()
    """The comment lines directly above, without `#` (doc comments, `check=`)."""
    gap_end: int = 0
    """Where empty lines stand between the lines that make the instruction: the last of these lines, else 0."""


class From(NamedTuple):
    span: Span
    image: str
    name: str = ""
    """Lower case; empty for a stage without a name."""
    platform: str = ""
    comment: str = ""


class Arg(NamedTuple):
    span: Span
    pairs: tuple[tuple[str, str | None], ...]
    """Name and unexpanded default; None: no default given (`ARG X`), which differs from empty (`ARG X=`)."""


class Env(NamedTuple):
    span: Span
    pairs: tuple[tuple[str, str], ...]
    legacy: bool = False
    """Written without `=`."""


class Label(NamedTuple):
    span: Span
    pairs: tuple[tuple[str, str], ...]
    legacy: bool = False


class Run(NamedTuple):
    span: Span
    shell_form: bool
    args: tuple[str, ...]
    """Shell form: one string. Exec form: the words."""
    heredocs: tuple[Heredoc, ...] = ()
    mounts: tuple[str, ...] = ()
    """Values of `--mount`, unparsed and unexpanded."""
    network: str = ""
    security: str = ""
    devices: tuple[str, ...] = ()


class Copy(NamedTuple):
    """COPY and ADD: `is_add` tells which."""

    span: Span
    is_add: bool
    sources: tuple[str, ...]
    """Heredocs are in `heredocs` only."""
    dest: str
    heredocs: tuple[Heredoc, ...] = ()
    from_: str = ""
    chown: str = ""
    chmod: str = ""
    link: bool = False
    parents: bool = False
    exclude: tuple[str, ...] = ()
    checksum: str = ""
    keep_git_dir: bool | None = None
    unpack: bool | None = None


class Cmd(NamedTuple):
    span: Span
    shell_form: bool
    args: tuple[str, ...]


class Entrypoint(NamedTuple):
    span: Span
    shell_form: bool
    args: tuple[str, ...]


class Shell(NamedTuple):
    span: Span
    args: tuple[str, ...]


class Workdir(NamedTuple):
    span: Span
    path: str


class User(NamedTuple):
    span: Span
    user: str


class Expose(NamedTuple):
    span: Span
    ports: tuple[str, ...]


class Volume(NamedTuple):
    span: Span
    paths: tuple[str, ...]


class StopSignal(NamedTuple):
    span: Span
    signal: str


class HealthcheckCommand(NamedTuple):
    """`test` as in `model.config.Healthcheck`; durations in nanoseconds."""

    span: Span
    test: tuple[str, ...]
    interval: int = 0
    timeout: int = 0
    start_period: int = 0
    start_interval: int = 0
    retries: int = 0


class Onbuild(NamedTuple):
    span: Span
    expression: str
    """The inner instruction as it stands, heredoc included: what goes into the config's OnBuild."""


class Maintainer(NamedTuple):
    span: Span
    name: str


Instruction = (
    From | Arg | Env | Label | Run | Copy | Cmd | Entrypoint | Shell | Workdir | User | Expose | Volume | StopSignal
    | HealthcheckCommand | Onbuild | Maintainer
)  # fmt: skip


class Buildfile(NamedTuple):
    file: str
    """Name for messages."""
    directives: tuple[tuple[str, str], ...]
    nodes: tuple[Node, ...]
    instructions: tuple[Instruction, ...]
    """One for each node, in the same order."""
    escape: str = "\\"
