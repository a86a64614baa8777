"""Extended attributes in layers that are made here."""

from __future__ import annotations

from builder.layers.attributes import carried
from builder.model.entry import Entry, Kind


def test_only_capabilities_are_carried() -> None:
    pairs = (("security.capability", b"\1"), ("user.note", b"x"))
    entry = Entry("f", Kind.FILE, 0o755, xattrs=pairs)
    assert carried(entry).xattrs == pairs[:1]
    plain = entry._replace(xattrs=())
    assert carried(plain) is plain
