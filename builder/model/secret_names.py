"""Names of variables that seem to hold a secret."""

from __future__ import annotations

import re

_TELLING = "apikey|auth|credential|credentials|key|password|pword|passwd|secret|token"
_HARMLESS = "public|file|version"


def sounds_secret(name: str) -> bool:
    return _has_word(_TELLING, name) and not _has_word(_HARMLESS, name)


def _has_word(words: str, name: str) -> bool:
    """Whether one of the words stands between underscores or ends of the name, in any case."""
    return re.search(rf"(?:_|^)(?:{words})(?:_|\Z)", name, re.IGNORECASE) is not None
