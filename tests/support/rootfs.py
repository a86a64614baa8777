"""A tiny root filesystem out of this machine's own shell, coreutils and the libraries they need."""

from __future__ import annotations

import os
import shutil
import subprocess

PROGRAMS = (
    "sh cat chmod chown cp cut date dd echo env false find grep head hostname id kill ln ls mkdir mkfifo mknod mount "
    "mv nproc pwd readlink rm rmdir sed setsid sleep sort stat stty tail tee test touch true tty uname unshare wc"
)


def make_rootfs(path: str) -> str:
    """Fills the directory `path` (made where it is absent) and returns it. Programs that this machine lacks are left
    out. Has /etc/passwd and /etc/group with root, daemon and alice (uid 1000, also in group staff), and no /proc, /dev,
    /sys, /etc/hosts or /etc/resolv.conf."""
    for folder in ("bin", "etc", "root", "tmp", "home/alice"):
        os.makedirs(os.path.join(path, folder), exist_ok=True)
    os.chmod(os.path.join(path, "tmp"), 0o1777)
    _write(
        path,
        "etc/passwd",
        "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1::/:/bin/false\nalice:x:1000:1000::/home/alice:/bin/sh\n",
    )
    _write(path, "etc/group", "root:x:0:\ndaemon:x:1:\nstaff:x:50:alice\nalice:x:1000:\n")
    libraries: set[str] = set()
    for name in PROGRAMS.split():
        found = shutil.which(name, path="/bin:/usr/bin:/sbin:/usr/sbin")
        if found:
            program = os.path.realpath(found)
            shutil.copy(program, os.path.join(path, "bin", name))
            libraries |= _libraries(program)
    for library in libraries:
        place = path + library.removeprefix("/usr")  # where older systems have them: the same folders on every machine
        os.makedirs(os.path.dirname(place), exist_ok=True)
        shutil.copy(os.path.realpath(library), place)
    return path


def _libraries(program: str) -> set[str]:
    listing = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return {word for line in listing.splitlines() for word in line.split() if word.startswith("/")}


def _write(root: str, name: str, text: str) -> None:
    with open(os.path.join(root, name), "w") as file:
        file.write(text)
