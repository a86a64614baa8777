"""An end to imports, for processes that are about to see an image's files in the place of this machine's."""

from __future__ import annotations

import sys


def no_more_imports() -> None:
    """Whatever is not imported yet cannot be found any more: at the paths where Python would look, an image could have
    modules of its own, and the process still has our rights (as glibc's libraries were for docker, CVE-2019-14271)."""
    sys.meta_path.clear()
    sys.path_hooks.clear()
