from __future__ import annotations

import pytest

from builder.errors import BuildfileError, Span
from builder.plan.ports import exposed_ports

SPAN = Span("Buildfile", 1, 1)


@pytest.mark.parametrize(
    ("word", "ports"),
    [
        ("80", ["80/tcp"]),
        ("80/", ["80/tcp"]),
        ("80/UDP", ["80/udp"]),
        ("80-82/sctp", ["80/sctp", "81/sctp", "82/sctp"]),
        ("80-80", ["80/tcp"]),
        ("0", ["0/tcp"]),
        ("0080", ["80/tcp"]),
        ("8080:80", ["80/tcp"]),
        ("8000-8010:80", ["80/tcp"]),
        ("127.0.0.1:8080:80/tcp", ["80/tcp"]),
        ("127.0.0.1::80", ["80/tcp"]),
        ("[::1]:8080:80", ["80/tcp"]),
        ("::1:8080:80", ["80/tcp"]),
    ],
)
def test_ports_that_are_exposed(word: str, ports: list[str]) -> None:
    assert exposed_ports(word, SPAN) == ports


@pytest.mark.parametrize("word", ["", "/tcp", "x", "-1", "80-", "-80", "1-2-3", "99999", "8" * 5000, "80:", "٣", "8 0"])
def test_words_that_are_no_ports(word: str) -> None:
    with pytest.raises(BuildfileError) as caught:
        exposed_ports(word, SPAN)
    assert caught.value.code == "bad-port"
    assert len(caught.value.message) < 400
