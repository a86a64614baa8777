"""Ten containers and five images on one base: its layers are on disk once, and nothing changes them."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path

from tests.containers.test_run import listed, until
from tests.support.cli import Pybuild, damaged_blobs, write

VANDAL = """
while read -r _ _ _ _ place _; do
    chmod 777 "$place"; echo x > "$place/planted"; echo x > "$place"; mount -o remount,rw "$place"
done < /proc/self/mountinfo
for fd in /proc/[0-9]*/fd/* /proc/[0-9]*/root/bin/sh /proc/[0-9]*/cwd/bin/sh; do echo x >> "$fd"; done
echo > /bin/cat; chown 5:5 /bin; rm -rf /etc /lib /bin/ls; echo done > /done
"""


def state_of_files(folder: Path) -> dict[str, tuple[object, ...]]:
    """Everything about every file of the layers, by path."""
    found: dict[str, tuple[object, ...]] = {}
    for place, folders, files in (row for layer in folder.iterdir() for row in os.walk(layer / "fs")):
        for path in (os.path.join(place, name) for name in (*folders, *files)):
            status = os.lstat(path)
            content = hashlib.sha256(Path(path).read_bytes()).hexdigest() if stat.S_ISREG(status.st_mode) else ""
            owner = (status.st_mode, status.st_uid, status.st_gid, status.st_mtime_ns, status.st_nlink)
            found[path] = (*owner, content, tuple(os.listxattr(path, follow_symlinks=False)))
    return found


def test_layers_are_shared_and_never_change(box: Pybuild) -> None:
    for number in range(5):
        write(box.cwd, {"Buildfile": "FROM base\nCOPY own /own\nRUN true\n", "own": f"image {number}"})
        box.run("build", "-q", "-t", f"app:{number}")
    images = ["base", *(f"app:{number}" for number in range(5))]
    shown = [json.loads(line) for line in box.run("inspect", "--format", "json", *images).stdout.splitlines()]
    layers = {layer for image in shown for layer in image["RootFS"]["Layers"]}
    before = state_of_files(box.root / "snapshots")
    script = f"exec 2> /dev/null; {VANDAL} echo over; while read x; do :; done"
    for number in range(10):
        options = ("-di", "--network", "none", "--name", f"box{number}")
        box.run("run", *options, f"app:{number % 5}", "sh", "-c", script)
    rows = listed(box)
    assert [row["status"] for row in rows] == ["running"] * 10
    logs = [box.root / "containers" / row["id"] / "log" for row in rows]
    until(lambda: all("over" in log.read_text() for log in logs))
    box.run("stop", "-t", "0", *(f"box{number}" for number in range(10)))
    assert {f"sha256:{folder.name}" for folder in (box.root / "snapshots").iterdir()} == layers
    assert len(list((box.root / "blobs/sha256").iterdir())) == len(layers) + 2 * len(images)  # configs and manifests
    assert state_of_files(box.root / "snapshots") == before
    assert damaged_blobs(box.root) == []
    assert box.run("run", "--rm", "--network", "none", "app:3", "cat", "/own").stdout == "image 3"
    changes = box.run("diff", "box3").stdout
    assert "A /done" in changes
    assert "C /bin/cat" in changes
