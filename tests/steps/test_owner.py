"""Owners as BuildKit understands them; where the image has no such name nothing is an error."""

from __future__ import annotations

import pytest

from builder.errors import StepError
from builder.steps.owner import Owner, parse_owner

FILES = {
    "etc/passwd": b"root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1001::/:/bin/sh\nbroken:x:\n  padded:x:+7:many\n",
    "etc/group": b"root:x:9:\nstaff:x:50:alice\n#note:x:8:\n",
}


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("5", (5, 5)),
        ("5:6", (5, 6)),
        ("007:010", (7, 10)),
        ("alice", (1000, 1001)),
        ("alice:staff", (1000, 50)),
        ("alice:7", (1000, 7)),
        ("5:staff", (5, 50)),
        ("alice:", (1000, 0)),
        (":staff", (0, 50)),
        ("root:root", (0, 0)),
        ("stranger", (0, 0)),
        ("stranger:staff", (0, 50)),
        ("alice:strangers", (1000, 1001)),
        ("5:strangers", (5, 5)),
        ("broken", (0, 0)),
        ("2147483647", (2147483647, 2147483647)),
        ("4294967294:6", (0, 6)),
        ("9" * 5000, (0, 0)),
        ("+5:-2", (5, 4294967294)),
        ("-1:-1", (0, 0)),
        ("padded", (7, 0)),
        ("5:#note", (5, 5)),
    ],
)
def test_owners(text: str, owner: tuple[int, int]) -> None:
    assert parse_owner(text, FILES.get) == Owner(*owner)


@pytest.mark.parametrize(("text", "owner"), [("alice", (0, 0)), ("5:staff", (5, 5)), ("root", (0, 0))])
def test_an_image_without_passwd_and_group(text: str, owner: tuple[int, int]) -> None:
    assert parse_owner(text, lambda _path: None) == Owner(*owner)


@pytest.mark.parametrize(
    ("text", "owner"), [("5", (5, 5)), (":", (0, 0)), ("root:7", (0, 7)), ("-2", (4294967294,) * 2)]
)
def test_numbers_need_no_file_system(text: str, owner: tuple[int, int]) -> None:
    assert parse_owner(text, None) == Owner(*owner)


@pytest.mark.parametrize("text", ["alice", "5:staff", ":staff", "99999999999"])
def test_names_need_a_file_system(text: str) -> None:
    with pytest.raises(StepError) as caught:
        parse_owner(text, None)
    assert caught.value.code == "no-users"
