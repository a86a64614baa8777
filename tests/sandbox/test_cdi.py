"""Descriptions of devices: which are found, and what becomes of damaged ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import SandboxError
from builder.sandbox.cdi import Devices, edits_of
from builder.sandbox.spec import Mount

NODE = {"deviceNodes": [{"path": "/dev/mine", "hostPath": "/dev/zero"}]}


def describe(folder: Path, name: str, **more: object) -> Path:
    """A file `name` with the devices a and b, of which `more` replaces members."""
    folder.mkdir(exist_ok=True)
    devices = [{"name": device, "containerEdits": {"env": [f"DEVICE={device}"]}} for device in "ab"]
    document = {"cdiVersion": "0.6.0", "kind": "vendor.example/thing", "devices": devices, **more}
    path = folder / name
    path.write_text(json.dumps(document))  # which is YAML, too
    return path


def names(devices: Devices, wanted: str) -> list[str]:
    return [device.name.partition("=")[2] for device in devices.find(wanted)]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("vendor.example/thing=a", ["a"]),
        ("vendor.example/thing", ["a"]),
        ("vendor.example/thing=*", ["a", "b"]),
        ("vendor.example/thing=c", []),
        ("vendor.example=a", []),
        ("things", ["a", "b"]),
        ("", []),
    ],
)
@pytest.mark.parametrize("name", ["x.json", "x.yaml"])
def test_names(tmp_path: Path, name: str, wanted: str, found: list[str]) -> None:
    describe(tmp_path, name, annotations={"org.mobyproject.buildkit.device.class": "things"})
    assert names(Devices([str(tmp_path)]), wanted) == found


def test_a_later_folder_has_the_last_word_and_two_files_of_one_folder_have_none(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    describe(folders[0], "x.json")
    last = describe(folders[1], "x.json")
    assert Devices([str(folder) for folder in folders]).find("vendor.example/thing=a")[0].path == str(last)
    describe(folders[1], "y.yaml")
    torn = Devices([str(folder) for folder in folders])
    assert torn.find("vendor.example/thing=a") == []
    assert "x.json and" in torn.faults[0]


@pytest.mark.parametrize(
    "more",
    [
        {"kind": "nothing"},
        {"kind": 5},
        {"cdiVersion": ""},
        {"devices": None},
        {"devices": [{"name": "a", "containerEdits": {"deviceNodes": [{"path": "dev/x"}]}}]},
        {"devices": [{"name": "a", "containerEdits": {"mounts": [{"containerPath": "/x"}]}}]},
        {"containerEdits": {"env": [1]}},
        {"containerEdits": []},
    ],
)
def test_a_damaged_file_is_told_and_takes_nothing_from_others(tmp_path: Path, more: Mapping[str, Any]) -> None:
    describe(tmp_path, "good.json", kind="vendor.example/good")
    describe(tmp_path, "bad.json", **more)
    (tmp_path / "torn.yaml").write_text("{[")
    devices = Devices([str(tmp_path)])
    assert names(devices, "vendor.example/good") == ["a"]
    assert len(devices.faults) == 2 - (more == {"containerEdits": []})


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_no_document_is_a_crash(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    folder = tmp_path_factory.mktemp("cdi", numbered=True)
    for member in ("kind", "devices", "containerEdits", "annotations"):
        describe(folder, f"{member}.json", **{member: value})
    devices = Devices([str(folder)])
    for device in devices.find("vendor.example/thing=*"):
        edits_of([device])


def test_what_a_device_brings(tmp_path: Path) -> None:
    mounts = [
        {"hostPath": "/usr/lib", "containerPath": "/lib/x", "options": ["ro", "rbind"]},
        {"containerPath": "/scratch", "type": "tmpfs"},
    ]
    common = {"env": ["ALL=1"], "mounts": mounts} | NODE
    describe(tmp_path, "x.json", containerEdits=common)
    found = edits_of(Devices([str(tmp_path)]).find("vendor.example/thing=*"))
    assert found.env == (("ALL", "1"), ("DEVICE", "a"), ("DEVICE", "b"))
    assert set(found.mounts) == {
        Mount("bind", "/dev/mine", "/dev/zero"),
        Mount("bind", "/lib/x", "/usr/lib", readonly=True),
        Mount("tmpfs", "/scratch"),
    }


@pytest.mark.parametrize(
    ("edits", "code"),
    [
        ({"hooks": [{"hookName": "createContainer", "path": "/bin/true"}]}, "device-unsupported"),
        ({"additionalGids": [5]}, "device-unsupported"),
        ({"deviceNodes": [{"path": "/dev/none-of-this-machine"}]}, "no-device"),
    ],
)
def test_what_cannot_be_given_is_refused_by_name(tmp_path: Path, edits: dict[str, Any], code: str) -> None:
    describe(tmp_path, "x.json", containerEdits=edits)
    with pytest.raises(SandboxError) as caught:
        edits_of(Devices([str(tmp_path)]).find("vendor.example/thing"))
    assert caught.value.code == code
