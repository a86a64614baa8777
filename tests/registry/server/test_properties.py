"""Ranges and uploads, whatever order things come in."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from builder.model.digest import Digest
from builder.registry.server.ranges import asked_range, chunk_range
from builder.registry.server.refusal import Refusal
from builder.registry.server.registry import Registry
from builder.registry.server.target import KINDS, parse_target
from tests.registry.server.web import digest_of

numbers = st.integers(0, 60)
T = TypeVar("T")


def told(parse: Callable[..., T], *arguments: object) -> tuple[T | None, int]:
    """What comes out, and 200; or the status of the refusal."""
    try:
        return parse(*arguments), 200
    except Refusal as refusal:
        return None, refusal.status


@given(first=numbers, last=numbers, size=st.integers(0, 40))
def test_a_range_is_what_a_slice_is(first: int, last: int, size: int) -> None:
    data = bytes(range(size))
    for header, expected in (
        (f"bytes={first}-{last}", data[first : last + 1]),
        (f"bytes={first}-", data[first:]),
        (f"bytes=-{last}", data[-last:] if last else b""),
    ):
        found, status = told(asked_range, header, size)
        assert status == (200 if expected else 416)
        assert not found or data[found.first : found.last + 1] == expected


@given(st.text(st.characters(codec="latin-1"), max_size=30))
def test_any_text_is_a_range_or_none(text: str) -> None:
    for found, status in (told(asked_range, text, 100), told(chunk_range, text)):
        assert status in (200, 400, 416)
        assert found is None or 0 <= found.first <= found.last


@given(st.text(st.sampled_from("/v2abmnifestlogrup_.-:%3AF") | st.characters(), max_size=60))
def test_any_path_is_a_target_or_a_refusal(text: str) -> None:
    for path in (text, f"/v2/{text}", f"/v2/{text}/manifests/{text}", f"/v2/a/blobs/uploads/{text}"):
        target, status = told(parse_target, path)
        assert status in (200, 400, 404)
        assert target is None or target.kind in KINDS
        assert target is None or target.repository == target.repository.lower().strip("/.").replace("..", "")


class UploadsMachine(RuleBasedStateMachine):
    """An upload that goes through several processes is what one string of bytes is."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp()
        self.registry = Registry(f"{self.folder}/root")
        self.name = self.registry.uploads.begin("app")
        self.sent = b""

    @rule(data=st.binary(max_size=2000))
    def append(self, data: bytes) -> None:
        with self.registry.uploads.open("app", self.name) as writer:
            writer.write(data)
        self.sent += data

    @rule(keep=st.integers(0, 100), data=st.binary(max_size=50))
    def go_back(self, keep: int, data: bytes) -> None:
        """As for a chunk that was not as long as it said."""
        with self.registry.uploads.open("app", self.name) as writer:
            before = min(keep, writer.size)
            writer.write(data)
            writer.go_back(before)
        self.sent = self.sent[:before]

    @rule()
    def restart(self) -> None:
        self.registry = Registry(f"{self.folder}/root")

    @rule()
    def meet_another(self) -> None:
        with self.registry.uploads.open("app", self.name), pytest.raises(Refusal) as raised:
            Registry(f"{self.folder}/root").uploads.open("app", self.name)
        assert raised.value.status == 429

    @rule(algorithm=st.sampled_from(["sha256", "sha512"]), right=st.booleans())
    def finish(self, algorithm: str, right: bool) -> None:
        digest = Digest(digest_of(self.sent if right else self.sent + b"!", algorithm))
        with self.registry.opened() as opened, self.registry.uploads.open("app", self.name) as writer:
            if right:
                writer.finish(opened.store, digest)
                assert opened.store.blobs.read(digest) == self.sent
            else:
                with pytest.raises(Refusal):
                    writer.finish(opened.store, digest)
                assert not opened.store.blobs.has(digest)
        with pytest.raises(Refusal):
            self.registry.uploads.size("app", self.name)
        self.name, self.sent = self.registry.uploads.begin("app", algorithm), b""

    @invariant()
    def its_size_is_what_was_sent(self) -> None:
        assert self.registry.uploads.size("app", self.name) == len(self.sent)
        with pytest.raises(Refusal):
            self.registry.uploads.size("other", self.name)

    def teardown(self) -> None:
        shutil.rmtree(self.folder)


UploadsMachine.TestCase.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
TestUploads: Any = UploadsMachine.TestCase
