"""Manifests that say of another one, their subject, what they are to it: signatures, SBOMs and the like.

A registry from before distribution-spec 1.1 does not know who refers to what. There its clients keep the list, an index
whose tag is made of the subject's digest (Referrers Tag Schema). Two clients that add to one list at the same moment
may lose an entry: the specification leaves it at that.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from builder.errors import BuilderError, RegistryError
from builder.model import media_types
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.registry.listing import pages
from builder.registry.session import Call, Session

_NO_LISTS = frozenset({400, 404, 405, 406, 501})
"""What registries say that cannot be asked for referrers: the specification has 404."""
_TAG_HEX = 64
"""How much of a digest a tag holds, which has 128 characters at most."""


class Referrer(NamedTuple):
    descriptor: Descriptor
    artifact_type: str


class Referring(NamedTuple):
    """A manifest that refers to another one."""

    subject: Digest
    entry: dict[str, object]
    """Its descriptor, as lists of referrers have it."""


def referring(data: bytes, pushed: Descriptor) -> Referring | None:
    """What the document `data`, described by `pushed`, is to another; None for one that has no subject."""
    try:
        value = json.loads(data)
        subject = Descriptor.from_json(value.get("subject")).digest
    except (ValueError, AttributeError, RecursionError, BuilderError):
        return None
    config = value.get("config")
    artifact_type = value.get("artifactType") or (config.get("mediaType") if isinstance(config, dict) else None)
    members = {"artifactType": artifact_type, "annotations": value.get("annotations")}
    return Referring(subject, {**pushed.to_json(), **{key: member for key, member in members.items() if member}})


def referrers(session: Session, repository: str, digest: Digest, artifact_type: str) -> tuple[Referrer, ...]:
    """Those of one type, or all; where there is no list there are none."""
    found = _told(session, repository, digest, artifact_type)
    if found is None:
        found = _index(session, repository, digest, "pull")["manifests"]
    try:
        items = [Referrer(Descriptor.from_json(item), str(item.get("artifactType") or "")) for item in found]
    except BuilderError as error:
        raise _no_index(session, repository, digest) from error
    return tuple(item for item in items if artifact_type in ("", item.artifact_type))


def enlist(session: Session, repository: str, referring: Referring) -> None:
    """Afterwards the list under the subject's tag has the entry, once (distribution-spec, Pushing Manifests with
    Subject). Raises RegistryError `bad-answer` where the tag means something else: then it is left alone."""
    index = _index(session, repository, referring.subject, "pull,push")
    if any(item.get("digest") == referring.entry["digest"] for item in index["manifests"]):
        return
    data = json.dumps({**index, "manifests": [*index["manifests"], referring.entry]}).encode()
    call = _of_list(repository, referring.subject, "pull,push")
    answer = session.fetch(call._replace(method="PUT", headers={"Content-Type": media_types.OCI_INDEX}, body=data))
    if answer.status not in (200, 201, 202):
        raise session.refusal(answer, f"list of referrers of {repository}@{referring.subject}")


def _told(session: Session, repository: str, digest: Digest, artifact_type: str) -> list[dict[str, Any]] | None:
    """What the registry itself knows; None where it cannot be asked."""
    query = f"?{urlencode({'artifactType': artifact_type})}" if artifact_type else ""
    path = f"{quote(repository)}/referrers/{digest}{query}"
    found: list[dict[str, Any]] = []
    for number, answer in enumerate(pages(session, Call("GET", path, _scopes(repository, "pull"), _accept()))):
        if answer.status in _NO_LISTS and number == 0:
            return None
        if answer.status != 200:
            raise session.refusal(answer, f"referrers of {repository}@{digest}")
        found += _read_index(session, repository, digest, answer.body)["manifests"]
    return found


def _index(session: Session, repository: str, digest: Digest, actions: str) -> dict[str, Any]:
    """The list that clients keep; an empty one where there is none yet."""
    answer = session.fetch(_of_list(repository, digest, actions))
    if answer.status == 404:
        return {"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": []}
    if answer.status != 200:
        raise session.refusal(answer, f"list of referrers of {repository}@{digest}")
    return _read_index(session, repository, digest, answer.body)


def _read_index(session: Session, repository: str, digest: Digest, body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    entries = value.get("manifests") if isinstance(value, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _no_index(session, repository, digest)
    return dict(value)


def _no_index(session: Session, repository: str, digest: Digest) -> RegistryError:
    message = f"{session.domain} has something else in the place of the referrers of {repository}@{digest}"
    return RegistryError("bad-answer", message, hint=f"if {repository} has a tag {_tag(digest)}, see what it means")


def _of_list(repository: str, digest: Digest, actions: str) -> Call:
    return Call("GET", f"{quote(repository)}/manifests/{_tag(digest)}", _scopes(repository, actions), _accept())


def _scopes(repository: str, actions: str) -> tuple[str, ...]:
    return (f"repository:{repository}:{actions}",)


def _accept() -> dict[str, str]:
    return {"Accept": media_types.OCI_INDEX}


def _tag(digest: Digest) -> str:
    return f"{digest.algorithm}-{digest.hex[:_TAG_HEX]}"
