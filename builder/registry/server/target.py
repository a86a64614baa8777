"""What a path asks for (distribution-spec, Endpoints). Nothing of it ever becomes a path on disk."""

from __future__ import annotations

import re
from typing import NamedTuple

from builder.errors import ImageError
from builder.model.digest import Digest
from builder.registry.server.refusal import Refusal, digest_invalid

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
_LONGEST_NAME = 255
_HOST = re.compile(r"\Ahttps?://[^/]*", re.IGNORECASE)

_PATTERNS = {
    "base": re.compile(r"/v2/?"),
    "catalog": re.compile(r"/v2/_catalog"),
    "tags": re.compile(r"/v2/(?P<name>.+)/tags/list"),
    "uploads": re.compile(r"/v2/(?P<name>.+)/blobs/uploads/?"),
    "upload": re.compile(r"/v2/(?P<name>.+)/blobs/uploads/(?P<reference>[^/]+)"),
    "blob": re.compile(r"/v2/(?P<name>.+)/blobs/(?P<reference>[^/]+)"),
    "manifest": re.compile(r"/v2/(?P<name>.+)/manifests/(?P<reference>[^/]+)"),
    "referrers": re.compile(r"/v2/(?P<name>.+)/referrers/(?P<reference>[^/]+)"),
}
KINDS = tuple(_PATTERNS)


class Target(NamedTuple):
    kind: str
    """One of KINDS."""
    repository: str = ""
    reference: str = ""
    """A digest, a tag or the name of an upload, as it stands."""

    @property
    def digest(self) -> Digest:
        return parse_digest(self.reference)


def parse_target(raw_path: str) -> Target:
    """Of a path as it was sent, without its query; scheme and host may stand before it (RFC 9112, section 3.2.2).
    Raises Refusal. The only escape is `%3A`: nothing else that a name, a tag or a digest may have needs one, and what
    stands between us and the client may read others differently."""
    path = re.sub("%3a", ":", _HOST.sub("", raw_path), flags=re.IGNORECASE)
    for kind, pattern in _PATTERNS.items():
        if match := pattern.fullmatch(path):
            found = match.groupdict()
            if "name" in found:
                check_name(found["name"])
            return Target(kind, found.get("name", ""), found.get("reference", ""))
    raise Refusal(404, "UNSUPPORTED", "the distribution protocol has no such path")


def check_name(name: str) -> None:
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        raise Refusal(400, "NAME_INVALID", "not a name of a repository", detail={"name": name[:300]})


def is_tag(text: str) -> bool:
    return _TAG.fullmatch(text) is not None


def parse_digest(text: str) -> Digest:
    try:
        return Digest.parse(text)
    except ImageError:
        raise digest_invalid(text) from None
