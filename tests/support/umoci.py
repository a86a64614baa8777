"""umoci as the judge of what an image holds."""

from __future__ import annotations

import os
import subprocess


def unpack_with_umoci(image: str, bundle: str) -> None:
    """Unpacks `LAYOUT:TAG`; the files are in `rootfs` of the bundle."""
    rootless = ["--rootless"] if os.getuid() else []
    subprocess.run(["umoci", "unpack", *rootless, "--image", image, bundle], check=True, capture_output=True)
