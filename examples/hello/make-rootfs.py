#!/usr/bin/env python3
"""Packs this machine's shell and coreutils, with the libraries they load, into a small root filesystem.

    ./make-rootfs.py [FILE]        FILE is rootfs.tar beside this script unless another is given

So an image can be built with no registry and no network on any Linux machine with glibc. The same programs give the
same bytes: entries are sorted, and owner and time are fixed. Needs nothing but Python and the machine's own `ldd`.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator

REQUIRED = ("sh", "cat", "chmod", "cp", "echo", "ls", "mkdir", "rm", "sleep", "true")
WELCOME = """
    basename chgrp chown cut date dd dirname du env expr false head id ln mktemp mv nproc paste printf pwd readlink
    rmdir seq sha256sum sort stat sync tail tee test touch tr tty uname uniq wc whoami
"""
FOLDERS = {"bin": 0o755, "etc": 0o755, "root": 0o700, "tmp": 0o1777, "usr": 0o755, "var": 0o755, "var/tmp": 0o1777}
TEXTS = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/tmp:/bin/sh\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
}
LINKS = {"usr/bin": "../bin"}  # so that scripts that begin with #!/usr/bin/env start


def main(argv: list[str]) -> int:
    target = argv[1] if len(argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "rootfs.tar")
    try:
        files = dict(sorted(collect()))
    except LookupError as error:
        print(f"make-rootfs: {error}", file=sys.stderr)
        return 1
    unfinished = f"{target}.{os.getpid()}"
    with tarfile.open(unfinished, "w", format=tarfile.PAX_FORMAT) as archive:
        write(archive, files)
    os.replace(unfinished, target)
    print(f"{target}: {len(files)} programs and libraries, {os.path.getsize(target) / 1e6:.1f} MB", file=sys.stderr)
    return 0


def collect() -> Iterator[tuple[str, str]]:
    """Path in the image and path on this machine of every program, and of every library that one of them loads."""
    for name in (*REQUIRED, *WELCOME.split()):
        program = shutil.which(name)
        if program is None:
            if name in REQUIRED:
                raise LookupError(f"this machine has no {name} on PATH")
            continue
        yield f"bin/{name}", program
        for library in libraries(program):
            yield library.lstrip("/"), library


def libraries(program: str) -> Iterator[str]:
    """What the loader opens for `program`, the loader included; nothing for a static program or a script."""
    if shutil.which("ldd") is None:
        raise LookupError("this machine has no ldd: is it a Linux with glibc?")
    listing = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    if "not found" in listing.stdout:
        raise LookupError(f"a library of {program} is missing:\n{listing.stdout}")
    for line in listing.stdout.splitlines():
        path = re.match(r"\s*(?:\S+ => )?(/\S+) \(0x", line)
        if path:
            yield path.group(1)


def write(archive: tarfile.TarFile, files: dict[str, str]) -> None:
    parents = [path.split("/")[:depth] for path in files for depth in range(1, path.count("/") + 1)]
    folders = {"/".join(parts): 0o755 for parts in parents} | FOLDERS
    for path, mode in sorted(folders.items()):
        archive.addfile(member(path, tarfile.DIRTYPE, mode))
    for path, destination in LINKS.items():
        archive.addfile(member(path, tarfile.SYMTYPE, 0o777, destination))
    for path, text in TEXTS.items():
        info = member(path, tarfile.REGTYPE, 0o644)
        info.size = len(text)
        archive.addfile(info, io.BytesIO(text.encode()))
    write_files(archive, files)


def write_files(archive: tarfile.TarFile, files: dict[str, str]) -> None:
    """One program under several names (a multi-call coreutils) is stored once, the other names are hard links."""
    first: dict[tuple[int, int], str] = {}
    for path, source in files.items():
        with open(source, "rb") as file:
            status = os.fstat(file.fileno())
            known = first.setdefault((status.st_dev, status.st_ino), path)
            if known != path:
                archive.addfile(member(path, tarfile.LNKTYPE, 0o755, known))
                continue
            info = member(path, tarfile.REGTYPE, 0o755)
            info.size = status.st_size
            archive.addfile(info, file)


def member(path: str, kind: bytes, mode: int, destination: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(path)
    info.type, info.mode, info.linkname = kind, mode, destination
    return info


if __name__ == "__main__":
    sys.exit(main(sys.argv))
