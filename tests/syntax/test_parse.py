from __future__ import annotations

import pytest

from builder.errors import BuildfileError, Problems, Span
from builder.syntax.instructions import (
    Arg,
    Copy,
    Env,
    Expose,
    From,
    HealthcheckCommand,
    Heredoc,
    Instruction,
    Onbuild,
    Run,
    Shell,
    Volume,
)
from builder.syntax.parse import MAX_LINE_BYTES, parse, parse_onbuild
from builder.syntax.problems import MAX_PROBLEMS

HEAD = b"FROM scratch\n"


def only(text: str) -> Instruction:
    """The one instruction of `text`, below a FROM."""
    return parse(HEAD + text.encode()).instructions[1]


def test_from_takes_platform_name_and_doc_comment() -> None:
    (stage,) = parse(b"# base the first stage\nFROM --platform=$P debian:12 AS Base\n").instructions
    assert isinstance(stage, From)
    assert stage == From(stage.span, "debian:12", "base", "$P", "the first stage")


def test_comments_are_those_above_since_an_empty_one() -> None:
    file = parse(b"# a\n#\n# b\n\n# check=skip=all\nFROM x\nRUN y\n")
    assert [node.comments for node in file.nodes] == [("b", "check=skip=all"), ()]


def test_arg_tells_no_default_from_an_empty_one() -> None:
    instruction = only("ARG a b= c=d=e\n")
    assert isinstance(instruction, Arg)
    assert instruction.pairs == (("a", None), ("b", ""), ("c", "d=e"))


def test_env_keeps_quotes_until_expansion() -> None:
    instruction = only("ENV a=\"b c\" d='e'\n")
    assert isinstance(instruction, Env)
    assert instruction.pairs == (("a", '"b c"'), ("d", "'e'"))


def test_run_keeps_its_flags_for_later() -> None:
    run = only("RUN --mount=type=cache,target=/c --mount=type=secret,id=s --network=none --security=insecure make\n")
    assert isinstance(run, Run)
    assert run.mounts == ("type=cache,target=/c", "type=secret,id=s")
    assert (run.network, run.security, run.shell_form, run.args) == ("none", "insecure", True, ("make",))


def test_run_without_a_command_is_an_empty_shell_form() -> None:
    run = only("RUN\n")
    assert isinstance(run, Run)
    assert (run.shell_form, run.args) == (True, ("",))


def test_device_takes_a_name_and_whether_it_is_required() -> None:
    run = only("RUN --device=vendor/class=x,required=true --device=name=y x\n")
    assert isinstance(run, Run)
    assert run.devices == ("vendor/class=x,required=true", "name=y")
    with pytest.raises(BuildfileError, match="has a name already: a"):
        only("RUN --device=a,name=b x\n")


def test_copy_reads_its_flags_into_fields() -> None:
    copy = only("COPY --from=a --chown=b --chmod=c --link --parents=false --exclude=d --exclude=e f g h/\n")
    assert isinstance(copy, Copy)
    assert (copy.from_, copy.chown, copy.chmod, copy.link, copy.parents) == ("a", "b", "c", True, False)
    assert (copy.exclude, copy.sources, copy.dest, copy.is_add) == (("d", "e"), ("f", "g"), "h/", False)


def test_add_tells_a_switch_that_is_off_from_one_that_is_not_given() -> None:
    add = only("ADD --checksum=sha256:x --unpack=false a b\n")
    assert isinstance(add, Copy)
    assert (add.is_add, add.checksum, add.unpack, add.keep_git_dir) == (True, "sha256:x", False, None)


def test_copy_heredocs_are_no_sources() -> None:
    copy = only("COPY a <<-B <<'C' /d/\n\tb\nB\nc\nC\n")
    assert isinstance(copy, Copy)
    assert copy.sources == ("a",)
    assert copy.heredocs == (Heredoc("B", "\tb\n", True, True), Heredoc("C", "c\n", False, False))
    assert [heredoc.body for heredoc in copy.heredocs] == ["b\n", "c\n"]


def test_heredoc_body_ends_lines_at_line_feeds_only() -> None:
    assert Heredoc("A", "\t\ta\r\tb\f\tc\n\t\n\td", True, True).body == "a\r\tb\f\tc\n\nd"


def test_healthcheck_reads_durations_as_go_does() -> None:
    check = only("HEALTHCHECK --interval=1h1m1.5s --timeout=0 --start-period=1500ms --retries=+2 CMD true\n")
    assert isinstance(check, HealthcheckCommand)
    assert check.test == ("CMD-SHELL", "true")
    assert (check.interval, check.timeout, check.start_period) == (3_661_500_000_000, 0, 1_500_000_000)
    assert (check.start_interval, check.retries) == (0, 2)


@pytest.mark.parametrize(
    "bad", ["1", "s", ".s", "1x", "-1s", "1s1", "1e3s", "9223372037s", "99999999999999999999ns", "+"]
)
def test_healthcheck_refuses_what_is_no_duration(bad: str) -> None:
    with pytest.raises(BuildfileError) as raised:
        only(f"HEALTHCHECK --timeout={bad} CMD true\n")
    assert raised.value.code == "bad-duration"


def test_expose_is_sorted_and_volume_is_trimmed() -> None:
    expose, volume = only("EXPOSE 9 10 $a\n"), only('VOLUME [" /a "]\n')
    assert isinstance(expose, Expose)
    assert isinstance(volume, Volume)
    assert (expose.ports, volume.paths) == (("$a", "10", "9"), ("/a",))


def test_shell_is_an_exec_form() -> None:
    shell = only('SHELL ["/bin/bash", "-c"]\n')
    assert isinstance(shell, Shell)
    assert shell.args == ("/bin/bash", "-c")


def test_onbuild_keeps_its_text_with_the_heredoc() -> None:
    onbuild = only("  onbuild  RUN --network=none \\\n <<-EOF\n\tx\n\tEOF\n")
    assert isinstance(onbuild, Onbuild)
    assert onbuild.expression == "RUN --network=none  <<-EOF\n\tx\nEOF"
    run = parse_onbuild(onbuild.expression, Span("base", 3, 3))
    assert run == Run(Span("base", 3, 3), True, ("<<-EOF",), (Heredoc("EOF", "\tx\n", True, True),), network="none")


@pytest.mark.parametrize(
    ("trigger", "code"),
    [
        ("ECHO x", "unknown-instruction"),
        ("RUN a\nRUN b", "bad-trigger"),
        ("", "bad-trigger"),
        ("ENV \ud800", "missing-value"),
    ],
)
def test_onbuild_is_checked_when_triggered(trigger: str, code: str) -> None:
    with pytest.raises(BuildfileError) as raised:
        parse_onbuild(trigger, Span("base", 3, 3))
    assert (raised.value.code, raised.value.span) == (code, Span("base", 3, 3))


def test_spans_say_where_an_instruction_stands() -> None:
    file = parse(b"# x\n  FROM a\nRUN b \\\n\n  c\n\nCOPY <<E /\nx\nE\n", "File")
    assert [(s.line, s.end_line, s.column, s.text) for s in (node.span for node in file.nodes)] == [
        (2, 2, 3, "  FROM a"),
        (3, 5, 1, "RUN b \\"),
        (7, 9, 1, "COPY <<E /"),
    ]


def test_an_error_points_at_its_word_in_its_line() -> None:
    with pytest.raises(BuildfileError) as raised:
        parse(HEAD + b"COPY --link \\\n  --form=a \\\n  b c\n", "File")
    assert raised.value.span == Span("File", 3, 4, 3, "  --form=a \\")
    assert raised.value.message == "unknown flag: --form (did you mean --from?)"


def test_all_problems_are_reported_in_source_order() -> None:
    with pytest.raises(Problems) as raised:
        parse(b"# escape=x\nFORM a\nRUN b\nENV c\n" + b"RUN " + b"d" * MAX_LINE_BYTES + b"\nCOPY e\n")
    codes = [error.code for error in raised.value.errors]
    assert codes == ["bad-escape", "unknown-instruction", "missing-value", "line-too-long", "arguments"]


def test_reading_stops_after_too_many_problems() -> None:
    with pytest.raises(Problems) as raised:
        parse(b"FORM a\n" * 1000)
    assert len(raised.value.errors) == MAX_PROBLEMS + 1
    assert raised.value.errors[-1].code == "too-many-problems"


def test_the_longest_line_is_one_byte_short_of_64_kib() -> None:
    longest = b"RUN " + b"a" * (MAX_LINE_BYTES - 5)
    assert parse(HEAD + longest + b"\n").nodes[1].args == ("a" * (MAX_LINE_BYTES - 5),)
    with pytest.raises(BuildfileError, match="longer than 64 KiB"):
        parse(HEAD + longest + b"a\n")
    with pytest.raises(BuildfileError, match="longer than 64 KiB"):
        parse(HEAD + b"RUN x\n" + b"# " + "é".encode() * (MAX_LINE_BYTES // 2))


def test_utf_16_is_said_to_be_utf_16() -> None:
    with pytest.raises(BuildfileError) as raised:
        parse("FROM a\n".encode("utf-16"))
    assert raised.value.code == "utf-16"


def test_messages_do_not_quote_megabytes() -> None:
    with pytest.raises(BuildfileError) as raised:
        parse(HEAD + (b"x" * 60_000 + b"\\\n") * 20)
    assert len(raised.value.message) < 200
