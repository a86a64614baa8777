"""`--secret` as buildx reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder.errors import UsageError
from builder.steps.secrets import Secrets


def test_a_secret_from_a_file_a_variable_or_whichever_has_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\xffbytes")
    env = {"NAMED": "1", "OTHER": "2", "TYPED": "3"}
    specs = (f"id=a,src={tmp_path}/file", "id=b,env=OTHER", "id=NAMED", "id=d,type=env,src=TYPED", "id=e,env=UNSET")
    secrets = Secrets(specs, env)
    given = [secrets.value(name) for name in ("a", "b", "NAMED", "d", "e", "unknown")]
    assert given == [b"\xffbytes", b"2", b"1", b"3", b"", None]


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ("src=x", "bad-secret"),
        ("id", "bad-secret"),
        ("id=a,type=vault", "bad-secret"),
        ("id=a,path=x", "bad-secret"),
        ("id=a,src=/nowhere/at/all", "no-secret-file"),
        ("id=neither-file-nor-variable", "no-secret-file"),
    ],
)
def test_what_is_no_secret_is_refused_before_anything_runs(spec: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        Secrets((spec,), {})
    assert caught.value.code == code


def test_a_secret_has_at_most_500_kib(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes((500 << 10) + 1))
    with pytest.raises(UsageError, match="500 KiB"):
        Secrets((f"id=a,src={tmp_path}/file",), {}).value("a")
