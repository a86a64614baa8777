"""Proxies of docker's configuration become build arguments."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder.cli.docker_config import proxy_arguments
from builder.errors import UsageError


def test_both_spellings_of_the_default(tmp_path: Path) -> None:
    text = '{"auths": {}, "proxies": {"default": {"httpProxy": "http://p", "noProxy": "x", "ftpProxy": ""}}}'
    (tmp_path / "config.json").write_text(text)
    assert proxy_arguments(str(tmp_path / "config.json")) == (
        ("HTTP_PROXY", "http://p"), ("http_proxy", "http://p"), ("NO_PROXY", "x"), ("no_proxy", "x"),
    )  # fmt: skip


@pytest.mark.parametrize("text", ["{}", '{"proxies": []}', '{"proxies": {"default": 1}}'])
def test_nothing_there(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    assert proxy_arguments(str(tmp_path / "config.json")) == ()
    assert proxy_arguments(str(tmp_path / "other.json")) == ()


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(UsageError) as caught:
        proxy_arguments(str(tmp_path / "config.json"))
    assert caught.value.code == "bad-docker-config"
