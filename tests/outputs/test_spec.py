from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import BuilderError, UsageError
from builder.outputs.spec import parse_output
from builder.outputs.types import OutputKind, OutputSpec


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("out", OutputSpec(OutputKind.LOCAL, "out")),
        ("-", OutputSpec(OutputKind.TAR, "-")),
        ("type=local,dest=out", OutputSpec(OutputKind.LOCAL, "out")),
        ("type=tar", OutputSpec(OutputKind.TAR, "-")),
        ("type=oci,dest=x.tar", OutputSpec(OutputKind.OCI, "x.tar")),
        ("type=oci,tar=false,dest=dir", OutputSpec(OutputKind.OCI, "dir", as_tar=False)),
        ("type=docker, dest=x.tar,name=app", OutputSpec(OutputKind.DOCKER, "x.tar", ("app:latest",))),
        ('type=image,"name=app:1,docker.io/library/b"', OutputSpec(OutputKind.IMAGE, "", ("app:1", "b:latest"))),
        ('"type=local","dest=a,b"', OutputSpec(OutputKind.LOCAL, "a,b")),
        ("TYPE=tar,dest=A.tar", OutputSpec(OutputKind.TAR, "A.tar")),
    ],
)
def test_reads_dockers_syntax(text: str, spec: OutputSpec) -> None:
    assert parse_output(text) == spec


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("type=ocy", "unknown-output", "oci"),
        ("type=oci,dst=x", "unknown-output", "dest"),
        ("type=local,dest=a,name=b", "unknown-output", "type, dest"),
        ("type=registry,push=false", "bad-output", "type=image"),
        ("type=image,push-by-digest=true", "bad-output", "push=true"),
        ("type=oci,push=true", "unknown-output", ""),
        ("dest=x", "bad-output", "image"),
        ("type=local", "bad-output", "dest"),
        ("type=oci,tar=false", "bad-output", "dest"),
        ("type=oci,tar=perhaps,dest=x", "bad-output", ""),
        ("type=oci,type=tar", "bad-output", ""),
        ("type=oci,dest", "bad-output", ""),
        ("", "bad-output", ""),
        ('"type=oci', "bad-output", ""),
    ],
)
def test_says_what_is_wrong(text: str, code: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_output(text)
    assert caught.value.code == code
    assert hint in (caught.value.hint or "")


@given(st.text(alphabet='type=oci,dest"- \n', max_size=30) | st.text(max_size=20))
def test_any_text_is_a_spec_or_an_error(text: str) -> None:
    try:
        spec = parse_output(text)
    except BuilderError:
        return
    assert spec.dest or spec.kind is OutputKind.IMAGE
