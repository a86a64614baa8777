"""The base image of the integration tests."""

from __future__ import annotations

from tests.integration.conftest import base_tar

__all__ = ["base_tar"]
