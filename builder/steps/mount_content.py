"""What bind mounts show and what cache mounts begin with: its digest for the key, looked up once for key and run."""

from __future__ import annotations

from builder.context.filetree import FileTree
from builder.context.ignore import Rule
from builder.context.listing import Listing, make_listing
from builder.context.select import Source as Selection
from builder.context.stack import StackTree
from builder.errors import ContextError
from builder.lean import TYPE_CHECKING, sha256_hex
from builder.model.canonical import canonical
from builder.model.entry import Entry, Kind
from builder.model.layer import Chain, chain_identity
from builder.plan.types import Plan, RunAction, RunMount, SourceKind
from builder.solve.types import Inputs, Parts
from builder.steps.copy import LISTING_FORMAT
from builder.steps.kitchen import Kitchen
from builder.steps.listings import Listings
from builder.steps.origins import chain_of, name_of
from builder.steps.trees import tree_of

if TYPE_CHECKING:
    from builder.context.filetree import Context

PART = "mount:"
"""Begins the name of a content part; the target follows."""


def shows_content(mount: RunMount) -> bool:
    if mount.kind == "cache":
        return mount.source.kind is not SourceKind.SCRATCH or bool(mount.path)
    return mount.kind == "bind"


class MountContents:
    def __init__(self, plan: Plan, kitchen: Kitchen) -> None:
        self._plan = plan
        self._kitchen = kitchen
        self._listings = Listings(kitchen.store)
        self._selections: dict[object, Selection] = {}

    def parts(self, action: RunAction, inputs: Inputs) -> Parts:
        return {f"{PART}{m.target}": self.digest(m, inputs) for m in action.mounts if shows_content(m)}

    def describe(self, action: RunAction, name: str, old: object, new: object) -> str:
        """Between two values of the part `name` that `parts` gave."""
        shown = (m for m in action.mounts if f"{PART}{m.target}" == name and m.source.kind is SourceKind.CONTEXT)
        mount = next(shown, None)
        ignored_by = self.context(mount).ignored_by if mount else None
        return self._listings.describe(str(old).partition(" ")[0], str(new).partition(" ")[0], ignored_by)

    def keep(self, mount: RunMount, inputs: Inputs) -> None:
        """Afterwards later builds can tell what differs."""
        self._listings.keep(self._listings.note(_listing(self.selected(mount, inputs))))

    def digest(self, mount: RunMount, inputs: Inputs) -> str:
        """Of all that is seen. Of a stack of layers the same path always means the same files: read only once."""
        chain = self.chain(mount, inputs)
        if chain is None:
            return self._digest(mount, inputs)
        key = canonical(["mount", LISTING_FORMAT, chain_identity(chain), mount.path]).decode()
        known = self._kitchen.derived.get(key)
        if known is not None:
            return known
        digest = self._digest(mount, inputs)
        self._kitchen.derived.put(key, digest)
        return digest

    def _digest(self, mount: RunMount, inputs: Inputs) -> str:
        """With the looks of the directory itself, but for the root of a tree."""
        selection = self.selected(mount, inputs)
        digest = self._listings.note(_listing(selection))
        entry = selection.entry
        if not selection.is_directory or not entry.path:
            return digest
        return f"{digest} {entry.mode:o} {entry.uid}:{entry.gid}"

    def selected(self, mount: RunMount, inputs: Inputs) -> Selection:
        chain = chain_of(mount.source, self._plan, inputs)
        key = (mount.source, mount.path, chain and chain_identity(chain))
        if key not in self._selections:
            self._selections[key] = self._select(mount, chain)
        return self._selections[key]

    def chain(self, mount: RunMount, inputs: Inputs) -> Chain | None:
        return chain_of(mount.source, self._plan, inputs)

    def context(self, mount: RunMount) -> Context:
        return self._kitchen.context(mount.source.context)

    def _select(self, mount: RunMount, chain: Chain | None) -> Selection:
        """A plain path, its symlinks followed: a mount has no wildcards."""
        tree: FileTree = self.context(mount) if chain is None else StackTree(tree_of(chain, self._kitchen))
        path = tree.resolve(mount.path)
        entry = tree.get(path) if path else tree.get("") or Entry("", Kind.DIRECTORY, 0o755)
        if entry is None:
            rule = self.context(mount).ignored_by(path) if chain is None else None
            raise _missing(mount, name_of(mount.source, self._plan), rule)
        below = tuple(tree.walk(path)) if entry.kind is Kind.DIRECTORY else ()
        return Selection(path.rpartition("/")[2], entry, below)


def _listing(selection: Selection) -> Listing:
    """What the source is called does not count: it is seen as the target."""
    return make_listing([selection._replace(name="")])


def _missing(mount: RunMount, where: str, rule: Rule | None) -> ContextError:
    hint = f"{rule} hides it" if rule else None
    return ContextError("source-not-found", f"{mount.path!r}, to mount at {mount.target}, is not in {where}", hint=hint)


def identity(parts: object) -> str:
    return sha256_hex(canonical(parts))
