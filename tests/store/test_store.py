from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from builder.errors import StoreError
from builder.store.failures import storing
from builder.store.store import Store, default_root

HEAVY = (
    "dataclasses", "inspect", "pathlib", "tempfile", "shutil", "subprocess", "threading", "concurrent", "logging",
    "ctypes", "diskcache", "sqlite3", "tarfile",
)  # fmt: skip


@pytest.mark.parametrize(
    ("env", "uid", "root"),
    [
        ({"PYBUILD_ROOT": "/x/y/"}, 0, "/x/y"),
        ({"HOME": "/root"}, 0, "/var/lib/pybuild"),
        ({"HOME": "/home/ann"}, 1000, "/home/ann/.local/share/pybuild"),
        ({"HOME": "/home/ann", "XDG_DATA_HOME": "/data"}, 1000, "/data/pybuild"),
        ({"HOME": "/home/ann", "XDG_DATA_HOME": "data"}, 1000, "/home/ann/.local/share/pybuild"),
    ],
)
def test_default_root(env: dict[str, str], uid: int, root: str) -> None:
    assert default_root(env, uid) == root


def test_without_a_home_there_is_no_default_root() -> None:
    with pytest.raises(StoreError) as raised:
        default_root({}, 1000)
    assert raised.value.code == "no-root"


def test_new_store_is_a_private_oci_layout(root: str) -> None:
    Store.open(root).close()
    assert os.stat(root).st_mode & 0o777 == 0o700
    assert {"oci-layout", "index.json", "blobs"} <= set(os.listdir(root))
    assert os.path.isdir(f"{root}/blobs/sha256")


def test_mode_is_tightened_and_folders_are_made_again(root: str) -> None:
    Store.open(root).close()
    os.chmod(root, 0o755)
    os.rmdir(f"{root}/plans")
    Store.open(root).close()
    assert os.stat(root).st_mode & 0o777 == 0o700
    assert os.path.isdir(f"{root}/plans")


def test_directory_with_something_else_is_refused_untouched(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(StoreError) as raised:
        Store.open(str(tmp_path))
    assert raised.value.code == "not-a-store"
    assert os.listdir(tmp_path) == ["thesis.txt"]


def test_layout_of_another_version_is_refused(root: str) -> None:
    Store.open(root).close()
    Path(root, "oci-layout").write_text('{"imageLayoutVersion": "2.0.0"}')
    with pytest.raises(StoreError) as raised:
        Store.open(root)
    assert raised.value.code == "not-a-store"


def test_creation_that_was_cut_short_is_completed(root: str) -> None:
    os.makedirs(f"{root}/blobs")
    Path(root, "index.json.new").write_text("")
    with Store.open(root) as store:
        assert store.refs.items() == ()


def test_processes_may_create_the_store_at_once(root: str) -> None:
    code = (
        "import sys; from builder.store.store import Store\n"
        "with Store.open(sys.argv[1]) as store: store.blobs.put_bytes(b'x', 'x')"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code, root]) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4


def test_opening_imports_nothing_heavy(root: str) -> None:
    Store.open(root).close()
    code = (
        "import sys; from builder.store.store import Store\n"
        "store = Store.open(sys.argv[1]); store.refs.items(); store.close()\n"
        "print(*sorted(set(sys.modules) & set(sys.argv[2:])))"
    )
    answer = subprocess.run([sys.executable, "-c", code, root, *HEAVY], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == []


def test_reading_leaves_no_trace(root: str) -> None:
    Store.open(root).close()
    before = os.stat(f"{root}/tmp").st_mtime_ns
    with Store.open(root) as store:
        store.refs.items()
        store.blobs.all()
    assert os.stat(f"{root}/tmp").st_mtime_ns == before


@pytest.mark.parametrize(("named", "told"), [("/store/history/x", "/store/history/x"), ("x", "/store")])
def test_a_file_that_is_somebody_elses_is_named(named: str, told: str) -> None:
    denied = PermissionError(errno.EACCES, "Permission denied", named)
    with pytest.raises(StoreError, match=f"the store does not allow it: {told}: Permission denied"), storing("/store"):
        raise denied
