"""The mounts of a RUN made ready: what the plan says, as what the sandbox is given."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from builder.errors import StepError
from builder.images.unpack import ensure_chain
from builder.model.layer import Chain
from builder.plan.types import RunAction, RunMount, SourceKind
from builder.sandbox.spec import File, Mount, RootFs
from builder.solve.types import Inputs
from builder.steps.kitchen import Kitchen
from builder.steps.laid_out import keep_laid_out
from builder.steps.lay_out import lay_out
from builder.steps.mount_content import MountContents, identity, shows_content


class Given(NamedTuple):
    """What a process gets for its run."""

    mounts: tuple[Mount, ...] = ()
    files: tuple[File, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    """Values of secrets: nothing of it may be kept."""


class Mounts:
    """Of one build. Safe for several threads."""

    def __init__(self, kitchen: Kitchen, contents: MountContents) -> None:
        self._kitchen = kitchen
        self._contents = contents
        self._lock = threading.Lock()
        self._laid_out: dict[str, str] = {}
        self._canceled = threading.Event()

    def cancel(self) -> None:
        """Whoever waits for a cache gives up."""
        self._canceled.set()

    @contextmanager
    def given(self, action: RunAction, inputs: Inputs) -> Generator[Given]:
        """Ready until the end of the context: then caches are free again, and what was written elsewhere is gone."""
        with ExitStack() as opened:
            caches = self._caches(action, inputs, opened)
            mounts: list[Mount] = []
            files: list[File] = []
            env: list[tuple[str, str]] = []
            for mount in action.mounts:
                match mount.kind:
                    case "bind":
                        mounts.append(self._bind(mount, inputs, opened))
                    case "cache":
                        mounts.append(caches[mount])
                    case "tmpfs":
                        mounts.append(Mount("tmpfs", mount.target, "", mount.readonly, mount.size))
                    case "secret":
                        self._add_secret(mount, files, env)
                    case "ssh":
                        mounts += self._agent(mount, opened)
            yield Given(tuple(mounts), tuple(files), tuple(env))

    def _bind(self, mount: RunMount, inputs: Inputs, opened: ExitStack) -> Mount:
        chain = self._contents.chain(mount, inputs)
        if shows_content(mount) and mount.source.kind is not SourceKind.SCRATCH:
            self._contents.keep(mount, inputs)
        if chain is None:
            source = self._laid_out_at(mount, inputs)
            if mount.readonly:
                return Mount("bind", mount.target, source, readonly=True)
            below, inside = os.path.split(source) if os.path.isfile(source) else (source, "")
            return self._tree(mount, (below,), inside, opened)
        return self._tree(mount, self._snapshots(chain), mount.path, opened)

    def _snapshots(self, chain: Chain) -> tuple[str, ...]:
        kitchen = self._kitchen
        return ensure_chain(kitchen.store, kitchen.worker(), chain, kitchen.open_source, kitchen.fetching)

    def _tree(self, mount: RunMount, lowers: tuple[str, ...], path: str, opened: ExitStack) -> Mount:
        """What is written to it is thrown away."""
        folder = self._kitchen.store.temporary.directory()
        opened.callback(self._kitchen.remove_tree, folder)
        for name in ("upper", "work"):
            os.mkdir(f"{folder}/{name}", 0o755)
        os.chmod(f"{folder}/upper", 0o755)  # noqa: S103 - the root directory of what is shown, whatever the umask
        tree = RootFs(lowers, f"{folder}/upper", f"{folder}/work")
        return Mount("tree", mount.target, path, mount.readonly, tree=tree)

    def _laid_out_at(self, mount: RunMount, inputs: Inputs) -> str:
        """The same files are laid out once for all steps of the build, and a directory is kept for the next build. What
        is not kept goes with the store's temporary folder."""
        project = self._kitchen.project
        digest = identity([self._contents.digest(mount, inputs), mount.source.context, mount.path])
        selection, open_ = self._contents.selected(mount, inputs), self._contents.context(mount).open
        with self._lock:
            if digest not in self._laid_out:
                place = None
                if selection.is_directory and project:
                    key = identity([project, mount.source.context, mount.path])
                    place = keep_laid_out(self._kitchen.store, key, selection, open_, self._kitchen.opened)
                place = place or lay_out(selection, open_, f"{self._kitchen.store.temporary.directory()}/files")
                self._laid_out[digest] = place
            return self._laid_out[digest]

    def _add_secret(self, mount: RunMount, files: list[File], env: list[tuple[str, str]]) -> None:
        """A variable of a secret that is not there is empty, as in BuildKit; a file of it is not there either."""
        value = self._kitchen.secret(mount.id)
        if value is None and mount.required:
            raise StepError(
                "no-secret",
                f"the secret {mount.id!r} is required, and the build was not given it",
                hint=f"build with --secret id={mount.id},src=FILE",
            )
        text = (value or b"").decode("utf-8", "surrogateescape")
        if mount.env:
            if "\0" in text:
                raise StepError("bad-secret", f"the secret {mount.id!r} holds a NUL byte: no variable can")
            env.append((mount.env, text))
        if mount.target and value is not None:
            mode = 0o400 if mount.mode is None else mount.mode & 0o777
            files.append(File(mount.target, text, mode, mount.uid or 0, mount.gid or 0))

    def _agent(self, mount: RunMount, opened: ExitStack) -> list[Mount]:
        socket = self._kitchen.agent(mount.id)
        if socket is None:
            if mount.required:
                raise StepError(
                    "no-agent",
                    f"the SSH agent {mount.id!r} is required, and the build was not given it",
                    hint=f"build with --ssh {mount.id}",
                )
            return []
        from builder.steps.forwarding import forward

        place = opened.enter_context(forward(socket, self._kitchen.store.temporary.directory()))
        mode = 0o600 if mount.mode is None else mount.mode & 0o777
        return [Mount("socket", mount.target, place, mode=mode, uid=mount.uid or 0, gid=mount.gid or 0)]

    def _caches(self, action: RunAction, inputs: Inputs, opened: ExitStack) -> dict[RunMount, Mount]:
        """Each cache is taken once, in one order for all steps, so that no two wait for each other."""
        wanted: dict[str, list[RunMount]] = {}
        for mount in action.mounts:
            if mount.kind == "cache":
                content = self._contents.digest(mount, inputs) if shows_content(mount) else ""
                owner = [mount.mode, mount.uid, mount.gid]
                wanted.setdefault(identity([mount.id, content, owner]), []).append(mount)
        taken: dict[RunMount, Mount] = {}
        for key in sorted(wanted):
            from builder.steps.caches import take_cache

            first = wanted[key][0]
            folder = opened.enter_context(
                take_cache(self._kitchen, key, first, self._initial(first, inputs), self._canceled.is_set)
            )
            taken |= {mount: Mount("bind", mount.target, folder, mount.readonly) for mount in wanted[key]}
        return taken

    def _initial(self, mount: RunMount, inputs: Inputs) -> dict[str, object] | None:
        """What a new cache begins with, as the job that fills it is told."""
        if not shows_content(mount):
            return None
        chain = self._contents.chain(mount, inputs)
        if chain is None:
            return {"lowers": [self._laid_out_at(mount, inputs)], "path": ""}
        return {"lowers": list(self._snapshots(chain)), "path": mount.path}
