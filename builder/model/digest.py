"""Content digests: `sha256:` and 64 hex digits (OCI image-spec, descriptor.md, section Digests)."""

from __future__ import annotations

from builder.errors import ImageError
from builder.lean import sha256_hex

HEX_LENGTHS = {"sha256": 64, "sha512": 128}
"""The algorithms that the specification registers, by how many hex digits they have."""


def is_hex(text: str, length: int = HEX_LENGTHS["sha256"]) -> bool:
    return len(text) == length and not text.strip("0123456789abcdef")


class Digest(str):
    """A digest that has been checked for its form. It is a `str`, so it prints and serialises as itself."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: object) -> Digest:
        """The digest that `text` spells; raises ImageError `bad-digest` for anything else."""
        if isinstance(text, str):
            algorithm, _, digits = text.partition(":")
            if is_hex(digits, HEX_LENGTHS.get(algorithm, -1)):
                return cls(text)
        raise ImageError("bad-digest", f"not a digest: {str(text)[:200]!r}")

    @classmethod
    def of(cls, data: bytes) -> Digest:
        return cls("sha256:" + sha256_hex(data))

    @classmethod
    def from_hex(cls, sha256_hex: str) -> Digest:
        return cls.parse("sha256:" + sha256_hex)

    @property
    def algorithm(self) -> str:
        return self.partition(":")[0]

    @property
    def hex(self) -> str:
        return self.partition(":")[2]

    @property
    def short(self) -> str:
        """The first 12 hex digits, as docker shows ids."""
        return self.hex[:12]


def chain_id(diff_ids: tuple[Digest, ...]) -> str:
    """The chain id of a stack of layers, bottom first; empty string for no layers.

    OCI image-spec, config.md, section Layer ChainID.
    """
    chain = ""
    for diff_id in diff_ids:
        chain = str(diff_id) if not chain else str(Digest.of(f"{chain} {diff_id}".encode()))
    return chain
