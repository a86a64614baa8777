"""`python -m builder` is `pybuild`."""

from __future__ import annotations

from builder.cli.main import entry

entry()
