"""What the words on the command line mean that say where files come from: CONTEXT and `--build-context`."""

from __future__ import annotations

import os
import re
from enum import StrEnum

from builder.errors import BuilderError, ContextError, UsageError
from builder.lean import TYPE_CHECKING, NamedTuple
from builder.model.platform import Platform
from builder.model.reference import Reference, familiar_name

if TYPE_CHECKING:
    from builder.model.gitreference import GitReference

STDIN = "-"
_WEB = ("http://", "https://")
_DIGEST = re.compile(r"@(sha256:[0-9a-f]{64})$")
_HINT = "write NAME=FOLDER, NAME=docker-image://IMAGE, NAME=oci-layout://FOLDER[:TAG|@DIGEST] or NAME=URL"


class OriginKind(StrEnum):
    FOLDER = "folder"
    ARCHIVE = "archive"
    """A file that has to be a tar."""
    STDIN = "stdin"
    """A tar or a Buildfile, seen from what comes."""
    GIT = "git"
    URL = "url"
    """A file behind http or https: for the main context a tar or a Buildfile."""
    IMAGE = "image"
    """`place` is what an image resolver is asked for; `scratch` is no image at all."""


class Origin(NamedTuple):
    kind: OriginKind
    place: str

    @property
    def identity(self) -> str:
        """The same for the same place, whatever the working directory was; without a password."""
        if self.kind not in (OriginKind.GIT, OriginKind.URL):
            return os.path.abspath(self.place)
        from builder.context.weblink import shown

        return shown(self.place) + self.place.partition("#")[2]


def is_url(text: str) -> bool:
    return text.startswith(_WEB)


def main_origin(text: str) -> Origin:
    """Of the word CONTEXT where it names no folder. Raises ContextError `no-context`."""
    if text == STDIN:
        return Origin(OriginKind.STDIN, text)
    if os.path.exists(text):
        return Origin(OriginKind.ARCHIVE, text)
    if git_reference(text):
        return Origin(OriginKind.GIT, text)
    if is_url(text):
        return Origin(OriginKind.URL, text)
    hint = "name the folder that COPY reads, a tar archive, a URL, or - for standard input"
    raise ContextError("no-context", f"the context {text} does not exist", hint=hint)


def named_origins(given: tuple[tuple[str, str], ...]) -> dict[str, Origin]:
    """Of each `--build-context NAME=WHERE`, by the name in familiar form; the last of a name counts. Raises UsageError
    for a name that no stage and no image can have, ContextError for a folder that is not there."""
    return {_familiar(name): _named_origin(name, where) for name, where in given}


def _familiar(text: str) -> str:
    name, colons, platform = text.partition("::")
    try:
        return familiar_name(name) + (f"::{Platform.parse(platform)}" if colons else "")
    except BuilderError as error:
        raise UsageError("bad-option", f"--build-context {text}: {error.message}", hint=error.hint or _HINT) from error


def _named_origin(name: str, where: str) -> Origin:
    scheme, slashes, rest = where.partition("://")
    if slashes and scheme == "docker-image":
        return Origin(OriginKind.IMAGE, rest if rest == "scratch" else str(_reference(name, rest)))
    if slashes and scheme == "oci-layout":
        return Origin(OriginKind.IMAGE, f"oci-layout:{_layout(rest)}")
    if os.path.isdir(where):
        return Origin(OriginKind.FOLDER, where)
    if git_reference(where):
        return Origin(OriginKind.GIT, where)
    if is_url(where):
        return Origin(OriginKind.URL, where)
    if where.startswith("target:"):
        raise UsageError("bad-option", f"--build-context {name}={where}: only bake has targets", hint=_HINT)
    what = "is not a folder" if os.path.exists(where) else "does not exist"
    raise ContextError("no-context", f"--build-context {name}={where}: {where or 'the place'} {what}", hint=_HINT)


def _reference(name: str, text: str) -> Reference:
    try:
        return Reference.parse(text)
    except BuilderError as error:
        raise UsageError("bad-option", f"--build-context {name}=docker-image://{text}: {error.message}") from error


def _layout(text: str) -> str:
    """An absolute path, with the tag or digest as it is."""
    digest = _DIGEST.search(text)
    path, tail = (text[: digest.start()], digest[0]) if digest else (text, "")
    return os.path.abspath(path) + tail


def git_reference(text: str) -> GitReference | None:
    """What a git URL says; `github.com/NAME/NAME` is one, too. None for any other text."""
    from builder.model.gitreference import parse_git_reference

    if text.startswith("github.com/"):
        path, hash_mark, fragment = text.partition("#")
        text = f"https://{path.removesuffix('.git')}.git{hash_mark}{fragment}"
    return parse_git_reference(text)
