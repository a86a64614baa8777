"""Images shown as read-only folders of this machine: `pybuild mount` and `umount`.

Each is an overlay of the layers' snapshots at `ROOT/mounts/HEX/files`, HEX being the manifest's. It stays when the
command has ended, until `umount` or the end of the mount namespace that it was made in; a note beside it keeps
collections away from its layers. After a restart of the machine notes of before mean nothing any more.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from builder.errors import BuilderError, ImageError, SandboxError
from builder.images.find import find_image
from builder.images.sources.types import OpenSource
from builder.images.stored import stored_image
from builder.images.unpack import ensure_chain
from builder.images.uses import Use
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.platform import Platform
from builder.sandbox.worker import Worker
from builder.store.durable import boot_id
from builder.store.failures import storing
from builder.store.locks import FileLock
from builder.store.store import Store

_FOLDER = "mounts"


class Mounted(NamedTuple):
    image: Descriptor
    """The manifest."""
    name: str
    """As it was asked for."""
    path: str
    visible: bool
    """Whether it is mounted where this process looks: not so if another mount namespace has it."""
    snapshots: tuple[Digest, ...]


def mount_image(
    store: Store, worker: Worker, open_source: OpenSource, text: str, platform: Platform | None = None
) -> Mounted:
    """Afterwards the image's files are at the path of the result. Mounting again gives the same place. Raises
    SandboxError `mount-denied` for who may not mount."""
    image = stored_image(store, find_image(store, text).descriptor, text, platform)
    with _lock(store):
        known = [found for found in mounts(store) if found.image.digest == image.descriptor.digest and found.visible]
        if known:
            return known[0]
        _check_rights(store)
        paths = ensure_chain(store, worker, image.layers, open_source)
        snapshots = tuple(Digest.from_hex(os.path.basename(os.path.dirname(path))) for path in paths)
        folder = _place(store, image.descriptor.digest)
        mounted = Mounted(image.descriptor, text, f"{folder}/files", True, snapshots)
        with storing(folder):
            os.makedirs(mounted.path, exist_ok=True)
            for name in ("a", "b"):
                os.makedirs(f"{folder}/empty/{name}", exist_ok=True)
            _write_note(store, mounted)
        try:
            _mount(paths, f"{folder}/empty", mounted.path)
        except OSError as error:
            _clear(store, image.descriptor.digest)
            raise _denied(store, error.strerror or str(error)) from error
    return mounted


def mounts(store: Store) -> list[Mounted]:
    """What is mounted, sorted by path. Notes of before the last start of the machine are left out."""
    return list(_notes(store))


def unmount_images(store: Store, texts: list[str]) -> list[str]:
    """Afterwards none of the images (names, ids or paths of mounts) is mounted; returns their paths. Raises ImageError
    `not-mounted`, and SandboxError `mount-busy` for one in which somebody is."""
    with _lock(store):
        chosen = [_find(store, text) for text in texts]
        for mounted in dict.fromkeys(chosen):
            _unmount(store, mounted)
    return [mounted.path for mounted in dict.fromkeys(chosen)]


def mount_uses(store: Store) -> list[Use]:
    """What must not be removed because it is mounted."""
    return [Use(found.image, f"the mount {found.path}", found.snapshots) for found in mounts(store)]


def _find(store: Store, text: str) -> Mounted:
    every = mounts(store)
    fitting = [found for found in every if text in (found.path, found.name, found.image.digest)]
    if not fitting:
        with suppress(BuilderError):
            image = stored_image(store, find_image(store, text).descriptor, text)
            fitting = [found for found in every if found.image.digest == image.descriptor.digest]
    if not fitting:
        raise ImageError("not-mounted", f"image {text[:300]} is not mounted", hint="`pybuild mount` lists what is")
    return fitting[0]


def _mount(paths: tuple[str, ...], empty: str, place: str) -> None:
    """By descriptor, since the kernel limits what it is told. It wants two directories at least."""
    from builder.sandbox import kernel
    from builder.sandbox.identity import own_identities
    from builder.sandbox.overlay import mount_overlay

    lowers = [*reversed(paths), f"{empty}/a", f"{empty}/b"]
    fds = [os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC) for path in lowers]
    try:
        options: dict[str, str | None] = {"userxattr": None} if own_identities().in_user_namespace else {}
        flags = kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV
        mount_overlay([f"/proc/self/fd/{fd}" for fd in fds], options, place, flags)
    finally:
        for fd in fds:
            os.close(fd)


def _unmount(store: Store, mounted: Mounted) -> None:
    from builder.sandbox import kernel

    if mounted.visible:
        try:
            kernel.unmount(mounted.path)
        except OSError as error:
            message = f"{mounted.path} cannot be unmounted: {error.strerror}"
            raise SandboxError("mount-busy", message, hint="leave the folder, and close its files") from error
    _clear(store, mounted.image.digest)


def _check_rights(store: Store) -> None:
    from builder.sandbox.identity import may_mount

    if os.geteuid() or not may_mount():
        raise _denied(store, "this user may not mount")


def _denied(store: Store, why: str) -> SandboxError:
    from shlex import quote

    shell = f"PYBUILD_ROOT={quote(store.root)} unshare --map-root-user --map-auto --mount sh"
    return SandboxError(
        "mount-denied",
        f"an image cannot be mounted: {why}",
        hint=f"mount it in a shell of its own, `{shell}`, or write its files elsewhere with `pybuild export`",
    )


def _lock(store: Store) -> FileLock:
    return FileLock(f"{store.folder('locks')}/mounts")


def _place(store: Store, digest: Digest) -> str:
    return f"{store.folder(_FOLDER)}/{digest.hex}"


def _write_note(store: Store, mounted: Mounted) -> None:
    value = {
        "boot": boot_id(),
        "name": mounted.name,
        "image": mounted.image.to_json(),
        "snapshots": mounted.snapshots,
    }
    store.temporary.write(f"{_place(store, mounted.image.digest)}/note.json", json.dumps(value).encode())


def _notes(store: Store) -> Iterator[Mounted]:
    for name in sorted(os.listdir(store.folder(_FOLDER))):
        folder = f"{store.folder(_FOLDER)}/{name}"
        try:
            with open(f"{folder}/note.json", "rb") as file:
                value = json.load(file)
            image = Descriptor.from_json(value["image"])
            snapshots = tuple(Digest.parse(item) for item in value["snapshots"])
            boot, asked = value["boot"], str(value["name"])
        except (OSError, ValueError, TypeError, KeyError, BuilderError):
            continue  # killed before it was whole: nothing was mounted yet
        if boot == boot_id():
            path = f"{folder}/files"
            yield Mounted(image, asked, path, os.path.ismount(path), snapshots)


def _clear(store: Store, digest: Digest) -> None:
    """Removes what `mount_image` made, which is nothing but empty directories and the note."""
    folder = _place(store, digest)
    with storing(folder):
        with suppress(FileNotFoundError):
            os.unlink(f"{folder}/note.json")
        for name in ("files", "empty/a", "empty/b", "empty", ""):
            with suppress(OSError):  # gone already, or somebody's files
                os.rmdir(f"{folder}/{name}")
