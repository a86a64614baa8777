"""File names that are the hex part of a digest."""

from __future__ import annotations

HEX_LENGTHS = {"sha256": 64, "sha512": 128}


def is_hex(name: str, length: int = HEX_LENGTHS["sha256"]) -> bool:
    return len(name) == length and not name.strip("0123456789abcdef")
