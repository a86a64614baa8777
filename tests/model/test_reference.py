from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import ImageError
from builder.model.digest import Digest
from builder.model.reference import Reference, registry_named

HEX = "a" * 64
COMPONENTS = st.from_regex(r"[a-z0-9]+((\.|_|__|-{1,3})[a-z0-9]+){0,2}", fullmatch=True)
DOMAINS = st.sampled_from(["localhost", "127.0.0.1", "[::1]", "registry.example", "Upper", "HOST.example", "x.y"])
PORTS = st.sampled_from(["", ":5000", ":80"])
TAGS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "canonical", "familiar"),
    [
        ("debian", "docker.io/library/debian:latest", "debian:latest"),
        ("team/app:1.0", "docker.io/team/app:1.0", "team/app:1.0"),
        ("docker.io/debian", "docker.io/library/debian:latest", "debian:latest"),
        ("index.docker.io/library/debian:12", "docker.io/library/debian:12", "debian:12"),
        ("docker.io/library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"),
        ("localhost/app", "localhost/app:latest", "localhost/app:latest"),
        ("localhost:5000", "docker.io/library/localhost:5000", "localhost:5000"),
        ("localhost:5000/app:1", "localhost:5000/app:1", "localhost:5000/app:1"),
        ("registry.example/app", "registry.example/app:latest", "registry.example/app:latest"),
        ("registry.example", "docker.io/library/registry.example:latest", "registry.example:latest"),
        ("[::1]:5000/app", "[::1]:5000/app:latest", "[::1]:5000/app:latest"),
        ("Team/app", "Team/app:latest", "Team/app:latest"),
        (f"app@sha256:{HEX}", f"docker.io/library/app@sha256:{HEX}", f"app@sha256:{HEX}"),
        (f"app:1@sha256:{HEX}", f"docker.io/library/app:1@sha256:{HEX}", f"app:1@sha256:{HEX}"),
        ("a--b__c.d", "docker.io/library/a--b__c.d:latest", "a--b__c.d:latest"),
        (HEX[:63], f"docker.io/library/{HEX[:63]}:latest", f"{HEX[:63]}:latest"),
    ],
)
def test_reads_names_as_docker_does(text: str, canonical: str, familiar: str) -> None:
    reference = Reference.parse(text)
    assert (str(reference), reference.familiar) == (canonical, familiar)
    assert Reference.parse(canonical) == Reference.parse(familiar) == reference


@pytest.mark.parametrize(
    "text",
    ["", "App", "app:", "app:.x", f"app:{'x' * 129}", "app/", "/app", "a//b", "a___b", "a..b", "-a", "a-", "a b",
     "app\n", "::1/app", "host:port/app", f"{'a' * 250}:1@", "app@", "app@sha256:", f"app@sha256:{HEX.upper()}",
     f"app@md5:{HEX}", f"sha256:{HEX}@sha256:{HEX[:-1]}", HEX, "é", "a" * 256, "foo_bar.example/app", "localhost/App",
     "app:a/b", "\udc80"],
)  # fmt: skip
def test_what_is_no_name_is_said_so(text: str) -> None:
    with pytest.raises(ImageError) as caught:
        Reference.parse(text)
    assert caught.value.code == "bad-reference"


@given(st.builds(str.__add__, DOMAINS, PORTS), st.lists(COMPONENTS, min_size=1, max_size=4), TAGS, st.booleans())
def test_every_spelling_is_the_same_name(domain: str, path: list[str], tag: str, pinned: bool) -> None:
    digest = Digest.of(b"x") if pinned else None
    text = f"{domain}/{'/'.join(path)}:{tag}" + (f"@{digest}" if digest else "")
    reference = Reference.parse(text)
    assert reference == Reference(domain, "/".join(path), tag, digest)
    assert str(reference) == text
    assert Reference.parse(reference.familiar) == reference


@given(st.text(alphabet="aA0.:/_-@[]é\n", max_size=30) | st.text(max_size=30))
def test_any_text_is_a_name_or_an_error(text: str) -> None:
    try:
        reference = Reference.parse(text)
    except ImageError:
        return
    assert Reference.parse(str(reference)) == Reference.parse(reference.familiar) == reference


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("", "docker.io"),
        ("docker.io", "docker.io"),
        ("https://index.docker.io/v1/", "docker.io"),
        ("registry-1.docker.io", "docker.io"),
        ("http://localhost:5000/v2/", "localhost:5000"),
        ("ghcr.io", "ghcr.io"),
    ],
)
def test_a_registry_that_is_named_alone(text: str, host: str) -> None:
    assert registry_named(text) == host


@pytest.mark.parametrize("text", ["https://", "-x", "a b"])
def test_what_names_no_registry(text: str) -> None:
    with pytest.raises(ImageError, match="not a registry") as caught:
        registry_named(text)
    assert caught.value.code == "bad-registry"
