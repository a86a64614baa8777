"""Image names as docker reads and prints them: `debian`, `localhost:5000/team/app:1.0`, `app@sha256:…`.

The rules are those of github.com/distribution/reference, `ParseNormalizedNamed`, compared with it on generated names.
Two differences are meant: a first part with a dot that is no host (`foo_bar.com/x`) is an error, not a repository
without a registry; and digests are those that the OCI image-spec registers (no sha384).
"""

from __future__ import annotations

import re

from builder.errors import ImageError
from builder.lean import NamedTuple
from builder.model.digest import Digest, is_hex

DEFAULT_DOMAIN = "docker.io"
DEFAULT_TAG = "latest"

# Expressions are compiled, and kept by `re`, when they are first needed.
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_DOMAIN = (
    r"(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*"
    r"|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
)
_PATH = rf"{_COMPONENT}(?:/{_COMPONENT})*"
_USUAL_DOMAINS = (DEFAULT_DOMAIN, "localhost")
_TAG_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"


class Reference(NamedTuple):
    domain: str
    path: str
    tag: str = ""
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Reads a name as docker does; no tag and no digest means `latest`. Raises ImageError `bad-reference`."""
        if is_hex(text):
            raise _bad(text, "64 hex digits are an image id")
        if "://" in text:
            raise _bad(text, "it is a URL; a name has no `https://` before it")
        name, at, digest_text = text.partition("@")
        digest = _digest(text, digest_text) if at else None
        tag = ""
        head, colon, tail = name.rpartition(":")
        if colon and "/" not in tail:
            name, tag = head, tail
            if not _is_tag(tag):
                raise _bad(text, f"{tag!r} is not a tag: letters, digits, `_`, `.`, `-`, at most 128")
        domain, path = _split_domain(name)
        if domain not in _USUAL_DOMAINS and not is_domain(domain):
            raise _bad(text, f"{domain!r} is not a registry host")
        if path != path.lower():
            raise _bad(text, "a repository name is lower case")
        if not re.fullmatch(_PATH, path) or len(path) > 255:
            raise _bad(text, f"{path!r} is not a repository name")
        return cls(domain, path, tag or ("" if digest else DEFAULT_TAG), digest)

    @property
    def repository(self) -> str:
        """Domain and path, e.g. `docker.io/library/debian`."""
        return f"{self.domain}/{self.path}"

    @property
    def familiar(self) -> str:
        """The short form that people type: `debian:12`, `localhost:5000/app:1.0`."""
        name = self.repository
        if self.domain == DEFAULT_DOMAIN:
            name = self.path.removeprefix("library/") if self.path.count("/") == 1 else self.path
        return name + self._suffix

    def __str__(self) -> str:
        return self.repository + self._suffix

    @property
    def _suffix(self) -> str:
        return (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


def is_domain(text: str) -> bool:
    """Whether `text` can be the registry of an image name: a host, perhaps with a port."""
    return bool(re.fullmatch(_DOMAIN, text))


def registry_named(text: str) -> str:
    """The registry that commands are given alone: a host, perhaps as a URL; nothing means Docker Hub. Raises ImageError
    `bad-registry`."""
    host = text.removeprefix("https://").removeprefix("http://").partition("/")[0]
    if not text or host in ("index.docker.io", "registry-1.docker.io", DEFAULT_DOMAIN):
        return DEFAULT_DOMAIN
    if not is_domain(host):
        raise ImageError("bad-registry", f"not a registry: {text[:200]!r}", hint="write HOST or HOST:PORT")
    return host


def familiar_name(text: str) -> str:
    """What all spellings of one name have in common, `:latest` left out. Raises ImageError `bad-reference`."""
    return Reference.parse(text).familiar.removesuffix(f":{DEFAULT_TAG}")


def parse_tag(text: str) -> str:
    """A name that an image is given, in familiar form. Raises ImageError `bad-reference` for one with a digest: what
    a digest means can't be chosen."""
    reference = Reference.parse(text)
    if reference.digest:
        raise ImageError("bad-reference", f"a name that is given to an image has no digest: {text[:300]!r}")
    return reference.familiar


def _split_domain(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    is_host = slash and ("." in first or ":" in first or first == "localhost" or first != first.lower())
    if not is_host:
        return DEFAULT_DOMAIN, name if slash else f"library/{name}"
    domain = DEFAULT_DOMAIN if first == "index.docker.io" else first
    return domain, f"library/{rest}" if domain == DEFAULT_DOMAIN and "/" not in rest else rest


def _is_tag(text: str) -> bool:
    return 0 < len(text) <= 128 and text[0] not in ".-" and not text.strip(_TAG_CHARACTERS)


def _digest(text: str, digest: str) -> Digest:
    try:
        return Digest.parse(digest)
    except ImageError as error:
        raise _bad(text, f"{digest[:200]!r} is not a digest, e.g. sha256: and 64 hex digits") from error


def _bad(text: str, why: str) -> ImageError:
    return ImageError("bad-reference", f"not an image name: {text[:300]!r}: {why}")
