"""`--format`: what of Go's templates is understood."""

from __future__ import annotations

import pytest

from builder.cli.placeholders import fill
from builder.errors import UsageError

VALUE = {
    "Name": "/web",
    "State": {"Running": True, "ExitCode": 0, "Error": None},
    "Args": ["a", "b"],
    "Config": {"Labels": {"org.example.team": "web"}, "Cmd": None},
    "Ports": {"80/tcp": [{"HostPort": "8080"}]},
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{.Name}}", "/web"),
        ("{{ .State.Running }} {{.State.ExitCode}}", "true 0"),
        (r"{{.Name}}\t{{.Args}}", "/web\t[a b]"),
        ("{{.State.Error}}", "<no value>"),
        ("{{.Config.Labels}}", "map[org.example.team:web]"),
        ("{{json .Config}}", '{"Labels":{"org.example.team":"web"},"Cmd":null}'),
        ("{{json .Name}}", '"/web"'),
        ('{{index .Config.Labels "org.example.team"}}', "web"),
        ('{{index .Config.Labels "none"}}', ""),
        ('{{(index (index .Ports "80/tcp") 0).HostPort}}', "8080"),
        ('{{(index .Ports "80/tcp" 0).HostPort}}', "8080"),
        ("{{len .Args}}", "2"),
        ("{{json (index .Args 1)}}", '"b"'),
    ],
)
def test_a_template_is_filled(template: str, text: str) -> None:
    assert fill(template, VALUE) == text


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{.Nmae}}", "there is no .Nmae; there are Name, State"),
        ("{{.Name.More}}", "there is no .More"),
        ("{{range .Args}}{{.}}{{end}}", "{{range .Args}} is not understood"),
        ("{{.Name | json}}", "is not understood"),
        ("{{index .Args 7}}", "is not understood"),
        ("{{json}}", "is not understood"),
        ("{{json (.Name}}", "is not understood"),
        ("{{}}", "is not understood"),
    ],
)
def test_what_is_not_understood_is_an_error(template: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        fill(template, VALUE)
    assert said in caught.value.message
