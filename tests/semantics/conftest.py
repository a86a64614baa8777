"""A base image and a command with a store of its own, as in the integration tests."""

from __future__ import annotations

from tests.integration.conftest import base_tar, based, pybuild

__all__ = ["base_tar", "based", "pybuild"]
