"""Cache keys: the SHA-256 of the canonical JSON of named parts (promise 2 of the design)."""

from __future__ import annotations

from builder.lean import sha256_hex
from builder.model.canonical import canonical
from builder.model.layer import Chain, chain_identity
from builder.model.platform import Platform
from builder.plan.types import CopyAction, RunAction, Step
from builder.solve.types import KEY_FORMAT, Parts


def key_parts(step: Step, platform: Platform, parent: Chain, content: Parts, epoch: int | None) -> Parts:
    """Everything that decides what the step makes, by name.

    The parent counts by its output (chain id), and not at all for `COPY --link`, whose layer stands on nothing. The
    platform counts only where a process runs.
    """
    parts: dict[str, object] = {"format": KEY_FORMAT, "kind": step.kind}
    if not (isinstance(step.action, CopyAction) and step.action.link):
        parts["parent"] = chain_identity(parent)
    if isinstance(step.action, RunAction):
        parts["platform"] = str(platform)
    if epoch is not None:
        parts["epoch"] = epoch
    return parts | step.action.key_parts() | dict(content)


def key_of(parts: Parts) -> str:
    """64 hex digits."""
    return sha256_hex(canonical(dict(parts)))
