"""Steps and config of single instructions, where golden plans would hide the point."""

from __future__ import annotations

import pytest

from builder.model.gitreference import parse_git_reference
from builder.plan.paths import clean, destination, joined
from builder.plan.types import InlineFile, RemoteSource, WorkdirAction
from tests.plan.planning import actions, copies, lines, plan_of, runs


@pytest.mark.parametrize(
    ("directory", "path", "dest"),
    [
        ("/w", "", "/w/"),
        ("/w", ".", "/w/"),
        ("/w", "./", "/w/"),
        ("/w", "a", "/w/a"),
        ("/w", "a/", "/w/a/"),
        ("/w", "a/.", "/w/a/"),
        ("/w", "../../..", "/"),
        ("/w", "/a//b/../c", "/a/c"),
        ("/w", "/", "/"),
        ("/", "", "/"),
        ("/", "..a", "/..a"),
    ],
)
def test_destinations(directory: str, path: str, dest: str) -> None:
    assert destination(directory, path) == dest


def test_paths() -> None:
    assert clean("//a/./b/../../../c/") == "/c"
    assert joined("/w", "/x/../y") == "/x/../y"
    assert joined("", "x") == "/x"
    assert joined("/w/..", "x") == "/x"


@pytest.mark.parametrize("source", ["https://a/b.git", "git://a", "ssh://a", "SSH://a", "git@h:p", "https://a/b.git#x"])
def test_git_sources(source: str) -> None:
    assert parse_git_reference(source)


@pytest.mark.parametrize("checksum", ["", "00Aa" * 10])
def test_what_a_repository_is_fetched_by(checksum: str) -> None:
    flag = f"--checksum={checksum} " if checksum else ""
    (copy,) = copies(plan_of(f"FROM plain\nADD {flag}git://example.org/x#main:sub /x\n"))
    (source,) = copy.remotes
    assert source == RemoteSource(0, "git://example.org/x", checksum, True, "main", "sub")


@pytest.mark.parametrize("source", ["a/b", "./git@h:p", "github.com/a/b.git", "ftp://a/b", "a.git", "a:b", "C:/x", ""])
def test_local_sources(source: str) -> None:
    assert not parse_git_reference(source)


def test_a_page_is_no_repository() -> None:
    assert not parse_git_reference("https://a/b?x=.git")
    assert parse_git_reference("https://a/b.git?ref=main")


def test_workdir_of_the_root_makes_no_layer() -> None:
    plan = plan_of("FROM plain\nWORKDIR /\nWORKDIR ..\nWORKDIR a\nRUN x\n")
    assert [entry.empty_layer for entry in plan.target.history] == [True, True, False, False]
    assert actions(plan)[0] == WorkdirAction("/a")
    assert runs(plan)[0].cwd == "/a"


def test_workdir_that_is_only_inherited_is_not_made() -> None:
    assert plan_of("FROM rich\nENV a=b\n").target.steps == ()


def test_workdir_belongs_to_the_user() -> None:
    assert actions(plan_of("FROM plain\nUSER me:us\nWORKDIR /a\n")) == [WorkdirAction("/a", "me:us")]


def test_link_is_ignored_where_chmod_is_given() -> None:
    plan = plan_of("FROM plain\nCOPY --link a b\nCOPY --link --chmod=4755 a b\n")
    assert [(copy.link, copy.chmod) for copy in copies(plan)] == [(True, ""), (False, "4755")]


@pytest.mark.parametrize(
    ("mode", "kept"),
    [
        ("755", "0755"),
        ("0", "0000"),
        ("007777", "7777"),
        ("u=rwX,go=rX", "u=rwX,go=rX"),
        ("+x", "+x"),
        ("a+r-w,g=u", "a+r-w,g=u"),
        ("$M", "0600"),
    ],
)
def test_modes(mode: str, kept: str) -> None:
    assert copies(plan_of(f"FROM plain\nARG M=600\nCOPY --chmod={mode} a b\n"))[0].chmod == kept


def test_history_has_the_mode_as_written_and_no_link_and_no_from() -> None:
    plan = plan_of("FROM plain AS a\nFROM plain\nCOPY --link --from=a --chown=1:$X --chmod=755 $X/a b/ ./c/\n")
    assert lines(plan) == ["COPY --chown=1: --chmod=755 /a b/ ./c/ # buildkit"]
    assert plan.target.steps[0].text == "COPY --from=a --chown=1: --chmod=755 /a b/ ./c/"


def test_unpack_is_part_of_the_key_only_where_it_is_said() -> None:
    plain, yes, no = copies(plan_of("FROM plain\nADD a b\nADD --unpack a b\nADD --unpack=false a b\n"))
    assert [copy.unpack for copy in (plain, yes, no)] == [None, True, False]
    assert "unpack" not in plain.key_parts()
    assert no.key_parts()["unpack"] is False


def test_two_heredocs_with_one_name_leave_the_last_content() -> None:
    copy = copies(plan_of("FROM plain\nCOPY <<f <<g <<f /\none\nf\ntwo\ng\nthree\nf\n"))[0]
    assert copy.inline == (InlineFile("f", "three\n"), InlineFile("g", "two\n"))


def test_heredoc_bodies_are_expanded_unless_quoted() -> None:
    plan = plan_of("FROM plain\nENV v='x y'\nCOPY <<a <<\"b\" /\n$v '$v' \\n \\$v\na\n$v \\n\nb\n")
    assert [file.content for file in copies(plan)[0].inline] == ["x y 'x y' n $v\n", "$v \\n\n"]


def test_run_heredocs() -> None:
    text = "FROM plain\nRUN <<E\necho 1\nE\nRUN <<-'E'\n\t#!/bin/sh\n\techo $x\nE\nRUN cat <<E | sh\n\techo\nE\n"
    alone, script, mixed = runs(plan_of(text))
    assert alone.argv == ("/bin/sh", "-c", "echo 1\n")
    assert script.argv == ("/bin/sh", "-c", "/dev/pipes/E")
    assert script.scripts == (InlineFile("E", "#!/bin/sh\necho $x\n"),)
    assert mixed.argv == ("/bin/sh", "-c", "cat <<E | sh\n\techo\nE")
    assert alone.scripts == mixed.scripts == ()


def test_step_texts_are_one_line() -> None:
    plan = plan_of("FROM plain\nRUN <<E\necho 1\necho 2\nE\nRUN cat <<E\nx\nE\nRUN a \\\n  b\n")
    assert [step.text for step in plan.target.steps] == ["RUN <<E (echo 1...)", "RUN cat <<E", "RUN a   b"]


@pytest.mark.parametrize(
    ("text", "cmd", "entrypoint"),
    [
        ("", ("serve",), ("/entry",)),
        ('ENTRYPOINT ["n"]', None, ("n",)),
        ('CMD ["c"]\nENTRYPOINT ["n"]', ("c",), ("n",)),
        ('ENTRYPOINT ["n"]\nCMD c', ("/bin/bash", "-c", "c"), ("n",)),
        ("CMD []", None, ("/entry",)),
        ("CMD []\nENTRYPOINT []", None, None),
    ],
)
def test_cmd_and_entrypoint(text: str, cmd: tuple[str, ...] | None, entrypoint: tuple[str, ...] | None) -> None:
    config = plan_of(f"FROM rich\n{text}\n").target.config.config
    assert (config.cmd, config.entrypoint) == (cmd, entrypoint)


def test_cmd_of_the_stage_above_is_inherited_and_so_cleared() -> None:
    plan = plan_of('FROM plain AS a\nCMD ["a"]\nFROM a\nENTRYPOINT ["e"]\n')
    assert plan.target.config.config.cmd is None


def test_unknown_members_of_the_base_are_dropped_as_buildkit_does() -> None:
    config = plan_of("FROM rich\n").target.config
    assert [name for name, _ in config.extra] == ["os.features"]
    assert config.config.extra == ()
    assert (config.author, len(config.diff_ids), len(config.history)) == ("Ada", 2, 3)


def test_network_of_a_run() -> None:
    plan = plan_of("FROM plain\nRUN --network=none a\nRUN --network=host b\nRUN --network=default c\nRUN d\n")
    assert [run.network for run in runs(plan)] == ["none", "host", "default", "default"]
