"""`RUN --mount`: its options read in order, as BuildKit reads them.

The order shows: a variable is expanded in every value but `from`, and `required` and `size` are checked against the
type that has been named up to there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from builder.errors import BuilderError, BuildfileError, Span
from builder.model.size import parse_size
from builder.plan.origins import find_origin
from builder.plan.paths import clean
from builder.plan.stage_state import StageState
from builder.plan.types import RunMount, Source, SourceKind
from builder.syntax.faults import did_you_mean, shown
from builder.syntax.flag_values import read_fields
from builder.syntax.instructions import Run

KINDS = ("bind", "cache", "tmpfs", "secret", "ssh")
_SHARING = ("shared", "private", "locked")
_SAME = {"src": "source", "dst": "target", "destination": "target", "ro": "readonly", "rw": "readwrite"}
_KEYS = (
    "type", "from", "source", "target", "readonly", "readwrite", "id", "sharing", "required", "size", "mode", "uid",
    "gid", "env",
)  # fmt: skip
_OPTIONS = f"options are {', '.join(_KEYS)}"
_BARE = ("readonly", "readwrite", "required")
_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_FALSE = ("0", "f", "F", "FALSE", "false", "False")
_MAX_NUMBER = (1 << 32) - 1

Expand = Callable[[str], str]


def read_mounts(state: StageState, item: Run) -> tuple[RunMount, ...]:
    """The mounts of one RUN, in the order in which they are written."""
    mounts: list[RunMount] = []
    for text in item.mounts:
        options = _Options(lambda word: state.expand(word, item.span))
        try:
            options.read(text)
            sockets = sum(mount.kind == "ssh" for mount in mounts)
            mounts.append(_mount(state, options, sockets, item.span))
        except BuilderError as error:
            raise _in_mount(error, text, item.span) from None
    return tuple(mounts)


def stages_of(mounts: Sequence[RunMount]) -> tuple[int, ...]:
    """The stages that they show files of."""
    sources = (mount.source for mount in mounts)
    return tuple(sorted({source.stage for source in sources if source.kind is SourceKind.STAGE}))


def with_agent(env: tuple[tuple[str, str], ...], mounts: Sequence[RunMount]) -> tuple[tuple[str, str], ...]:
    """`env` with the way to the first agent's socket, whether there will be one or not, unless it names one itself."""
    sockets = [mount.target for mount in mounts if mount.kind == "ssh"]
    if not sockets or any(name == "SSH_AUTH_SOCK" for name, _ in env):
        return env
    return (*env, ("SSH_AUTH_SOCK", sockets[0]))


def _in_mount(error: BuilderError, text: str, span: Span) -> BuilderError:
    if error.code != "bad-mount":
        return error.at(span)
    return BuildfileError(error.code, f"RUN --mount={shown(text)}: {error.message}", hint=error.hint, span=span)


class _Options:
    """The options of one mount."""

    def __init__(self, expand: Expand) -> None:
        self._expand = expand
        self.kind = "bind"
        self.texts: dict[str, str] = {}
        self.numbers: dict[str, int] = {}
        self.readonly: bool | None = None
        self.required = False
        self.size = 0

    def read(self, text: str) -> None:
        for field in read_fields(text):
            word, equals, value = field.partition("=")
            key = _SAME.get(word.lower(), word.lower())
            if not equals and key not in _BARE:
                raise _bad(f"{shown(field)!r} needs a value", hint=_OPTIONS)
            self._set(key, self._expand(value) if equals else None, field)
        self._check()

    def text(self, key: str) -> str:
        return self.texts.get(key, "")

    def _set(self, key: str, value: str | None, field: str) -> None:
        """`value` is None for a word that stands alone."""
        if key in _BARE:
            self._switch(key, value is None or _boolean(key, value))
        elif key == "type":
            self.kind = _one_of("type", (value or "").lower(), KINDS)
        elif key == "sharing":
            self.texts[key] = _one_of(key, (value or "").lower(), _SHARING)
        elif key == "size":
            self._only_for(key, "tmpfs")
            self.size = _size(value or "")
        elif key in ("mode", "uid", "gid"):
            self.numbers[key] = _number(key, value or "", 8 if key == "mode" else 10)
        elif key in _KEYS:
            self.texts[key] = value or ""
        else:
            guess = did_you_mean(key, (*_KEYS, *_SAME))
            raise _bad(f"unknown option {shown(field)!r}{guess}", hint=_OPTIONS)

    def _switch(self, key: str, on: bool) -> None:
        if key == "required":
            self._only_for(key, "secret", "ssh")
            self.required = on
        else:
            self.readonly = on if key == "readonly" else not on

    def _only_for(self, key: str, *kinds: str) -> None:
        if self.kind not in kinds:
            raise _bad(
                f"{key} is no option of type {self.kind}",
                hint=f"it is one of type {' and '.join(kinds)}, which must be named before it",
            )

    def _check(self) -> None:
        if self.numbers and self.kind in ("bind", "tmpfs"):
            raise _bad(f"{min(self.numbers)} is no option of type {self.kind}")
        if self.text("sharing") and self.kind != "cache":
            raise _bad(f"sharing is no option of type {self.kind}", hint="it is one of type cache")
        if self.kind == "ssh" and self.text("source"):
            raise _bad("source is no option of type ssh")
        if self.kind != "secret":
            return
        if self.text("from"):
            raise _bad("from is no option of type secret")
        if not (self.text("id") or self.text("source") or self.text("target")):
            raise _bad("a secret needs an id", hint="write id=NAME, and pass --secret id=NAME,src=FILE")
        if self.text("id") and self.text("source"):
            raise _bad("id and source both name the secret: give one of them")


def _mount(state: StageState, options: _Options, sockets: int, span: Span) -> RunMount:
    """`sockets`: how many mounts of type ssh come before."""
    match options.kind:
        case "secret":
            return _secret(state, options)
        case "ssh":
            target = options.text("target") or f"/run/buildkit/ssh_agent.{sockets}"
            mount = RunMount("ssh", _target(state, target), id=options.text("id") or "default")
            return _owned(mount, options)._replace(required=options.required)
    target, path = _target(state, options.text("target")), clean(options.text("source"))[1:]
    readonly = options.kind == "bind" if options.readonly is None else options.readonly
    mount = RunMount(options.kind, target, path=path, readonly=readonly, size=options.size)
    if options.kind == "tmpfs":
        if path:
            raise _bad("source is no option of type tmpfs: it begins empty")
        return mount
    mount = mount._replace(source=_origin(state, options, span))
    return mount if options.kind == "bind" else _cache(state, mount, options)


def _secret(state: StageState, options: _Options) -> RunMount:
    target = options.text("target")
    name = options.text("source") or options.text("id") or _last_part(target)
    env = options.texts.get("env")
    if not target and env is None:
        target = f"/run/secrets/{_last_part(name)}"
    mount = RunMount("secret", _target(state, target) if target else "", id=name, env=env)
    return _owned(mount, options)._replace(required=options.required)


def _cache(state: StageState, mount: RunMount, options: _Options) -> RunMount:
    """The id is the target as it is written, before it is joined to the working directory. Owner and mode are those of
    a directory made for them, so they mean nothing where files of a source are shown, as in BuildKit."""
    name = options.text("id") or _cleaned(options.text("target"))
    space = state.shared.arguments.given.get("BUILDKIT_CACHE_MOUNT_NS", "")
    mount = mount._replace(id=f"{space}/{name}" if space else name, sharing=options.text("sharing") or "shared")
    if not mount.path and options.numbers:
        return _owned(mount, options)._replace(source=Source(SourceKind.SCRATCH))
    return mount


def _owned(mount: RunMount, options: _Options) -> RunMount:
    numbers = options.numbers
    return mount._replace(mode=numbers.get("mode"), uid=numbers.get("uid"), gid=numbers.get("gid"))


def _origin(state: StageState, options: _Options, span: Span) -> Source:
    name = options.text("from")
    if not name and options.kind == "cache":
        return Source(SourceKind.SCRATCH)
    position = state.shared.graph.named(name) if name else None
    return find_origin(state, name, position, f"RUN --mount=from={name}", span)


def _target(state: StageState, written: str) -> str:
    target = clean(written if written.startswith("/") else f"{state.directory}/{written}")
    if target == "/":
        raise _bad(f"nothing can be mounted at {written or 'the working directory /'!r}", hint="name a target")
    return target


def _cleaned(path: str) -> str:
    """Go's `path.Clean`."""
    if path.startswith("/"):
        return clean(path)
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts) or "."


def _last_part(path: str) -> str:
    """Go's `path.Base`."""
    return path.rstrip("/").rpartition("/")[2] or ("/" if path else ".")


def _boolean(key: str, value: str) -> bool:
    if value not in _TRUE + _FALSE:
        raise _bad(f"{key} is true or false, not {shown(value) or 'empty'}")
    return value in _TRUE


def _number(key: str, value: str, base: int) -> int:
    if not re.fullmatch("[0-7]{1,32}" if base == 8 else "[0-9]{1,32}", value) or int(value, base) > _MAX_NUMBER:
        raise _bad(f"{key} is {'an octal' if base == 8 else 'a'} number, not {shown(value) or 'empty'}")
    return int(value, base)


def _size(value: str) -> int:
    size = parse_size(value)
    if size is None:
        raise _bad(f"size is a number of bytes, not {shown(value) or 'empty'}", hint="write it like 512k, 64m or 1g")
    return size


def _one_of(key: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        hint = f"one of {', '.join(allowed)}"
        raise _bad(f"unknown {key} {shown(value) or 'empty'}{did_you_mean(value, allowed)}", hint=hint)
    return value


def _bad(message: str, *, hint: str | None = None) -> BuildfileError:
    return BuildfileError("bad-mount", message, hint=hint)
