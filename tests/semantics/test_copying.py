"""Rows of the language reference about COPY, ADD of local files, and heredocs. Each is seen with more files in the
differential cases, whose expected results come from BuildKit itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.semantics.images import complaint, files_of, in_folder
from tests.support.cli import Pybuild

A, B = 'file 0644 0:0 1 "a"', 'file 0644 0:0 1 "b"'
DIRECTORY = "dir 0755 0:0"


@pytest.fixture
def pybuild(tmp_path: Path) -> Pybuild:
    return in_folder(tmp_path)


def test_copy_basics(pybuild: Pybuild) -> None:
    """COPY basics"""
    text = "FROM scratch\nWORKDIR /w\nCOPY ../../a /one\nCOPY /d/ two\nCOPY d three/\nCOPY a .\nCOPY a name\n"
    assert files_of(pybuild, text, {"a": "a", "d/b": "b"}) == {
        "/one": A,
        "/w": DIRECTORY,
        "/w/a": A,
        "/w/name": A,
        "/w/three": DIRECTORY,
        "/w/three/b": B,
        "/w/two": DIRECTORY,
        "/w/two/b": B,
    }


def test_many_sources(pybuild: Pybuild) -> None:
    """COPY, many sources. Found: without the slash BuildKit copies one after the other to the same place, so that of
    files the last is left."""
    found = files_of(pybuild, "FROM scratch\nCOPY a d /x/\nCOPY a b /lenient\n", {"a": "a", "b": "b", "d/c/b": "b"})
    assert found == {"/x": DIRECTORY, "/x/a": A, "/x/c": DIRECTORY, "/x/c/b": B, "/lenient": B}
    assert "destination" in complaint(pybuild, "FROM scratch\nCOPY a <<E\nE\n")


def test_wildcards(pybuild: Pybuild) -> None:
    """COPY wildcards"""
    text = "FROM scratch\nCOPY ?1 [b-c]* /x/\nCOPY nothing* /y/\nCOPY **/f /z/\n"
    found = files_of(pybuild, text, {"a1": "a", "a22": "a", "b": "b", "d/f": "f", "d/e/f": "f"})
    assert found == {"/x": DIRECTORY, "/x/a1": A, "/x/b": B, "/z": DIRECTORY, "/z/f": 'file 0644 0:0 1 "f"'}
    assert "'missing'" in complaint(pybuild, "FROM scratch\nCOPY missing /\n")


def test_symlinks(pybuild: Pybuild) -> None:
    """COPY symlinks"""
    text = (
        "FROM scratch\nCOPY to-d /x/\nCOPY d/to-a /y\nCOPY to-d/to-a /z\nCOPY l /\nCOPY a /l/n\nCOPY --link a /l2/n\n"
    )
    context = {"a": "a", "d/to-a": {"symlink": "../a"}, "to-d": {"symlink": "d"}, "l/l": {"symlink": "/x"}}
    assert files_of(pybuild, text, context) == {
        "/l": "symlink 0777 0:0 -> /x",
        "/l2": DIRECTORY,
        "/l2/n": A,
        "/x": DIRECTORY,
        "/x/n": A,
        "/x/to-a": "symlink 0777 0:0 -> ../a",
        "/y": A,
        "/z": A,
    }


def test_into_existing(pybuild: Pybuild) -> None:
    """COPY into existing. Not verified was what becomes of sockets: BuildKit makes empty files of them, with their
    modes (differential case copy-sockets)"""
    text = "FROM scratch\nCOPY --chmod=0700 --chown=3 old /x/\nCOPY new /x\n"
    context = {"old/sub/f": "f", "new/sub/g": "g", "new/sub/h": {"hardlink": "new/sub/g"}, "new/sub/": {"mode": "0711"}}
    assert files_of(pybuild, text, context) == {
        "/x": "dir 0700 3:3",
        "/x/sub": "dir 0711 0:0",
        "/x/sub/f": 'file 0700 3:3 1 "f"',
        "/x/sub/g": 'file 0644 0:0 1 "g"',
        "/x/sub/h": "hardlink /x/sub/g",
    }
    assert "with a file" in complaint(pybuild, "FROM scratch\nCOPY old /x/\nCOPY f /x/\n", {"f/sub": "no directory"})
    assert "director" in complaint(pybuild, "FROM scratch\nCOPY old/sub/f /x\nCOPY new /x\n")


def test_created_parents(pybuild: Pybuild) -> None:
    """Created parents"""
    found = files_of(pybuild, "FROM scratch\nCOPY a /1/2/\nCOPY --chown=3:4 --chmod=710 a /5/6/\n", {"a": "a"})
    assert found == {"/1": DIRECTORY, "/1/2": DIRECTORY, "/1/2/a": A} | {
        "/5": "dir 0710 3:4",
        "/5/6": "dir 0710 3:4",
        "/5/6/a": 'file 0710 3:4 1 "a"',
    }


def test_chown(pybuild: Pybuild) -> None:
    """COPY --chown"""
    users = {"passwd": "u:x:5:6::/:\n", "group": "g:x:7:\n", "a": "a"}
    text = (
        "FROM scratch AS one\nCOPY --chown=1:2 a /\nFROM scratch\nCOPY passwd group /etc/\nCOPY a /default\n"
        "COPY --from=one a /kept\nCOPY --chown=3 a /number\nCOPY --chown=u a /name\nCOPY --chown=u:g a /both\n"
    )
    found = files_of(pybuild, text, users)
    owners = {path: line.split()[2] for path, line in found.items() if not path.startswith("/etc")}
    assert owners == {"/default": "0:0", "/kept": "1:2", "/number": "3:3", "/name": "5:6", "/both": "5:7"}


def test_chown_of_unknown_names(pybuild: Pybuild) -> None:
    """COPY --chown: found in BuildKit (differential cases copy-chown-unknown-names, fail-copy-chown-name-on-nothing)"""
    text = "FROM scratch\nCOPY a /etc/passwd\nCOPY --chown=nobody:nogroup a /x\n"
    assert files_of(pybuild, text, {"a": "u:x:5:6::/:\n"})["/x"].split()[2] == "0:0"


def test_chmod(pybuild: Pybuild) -> None:
    """COPY --chmod: the directory that is made for the sources has neither special bits nor symbolic changes"""
    text = (
        "FROM scratch\nCOPY --chmod=4751 d /octal\nCOPY --chmod=u=rwX,go=rX d /symbolic\nCOPY --chmod=a-w,u+x d /less\n"
    )
    found = files_of(pybuild, text, {"d/f": {"text": "f", "mode": "0600"}, "d/e/": {"mode": "0700"}})
    assert {path: line.split()[1] for path, line in found.items()} == {
        "/octal": "0751",
        "/octal/e": "4751",
        "/octal/f": "4751",
        "/symbolic": "0755",
        "/symbolic/e": "0755",
        "/symbolic/f": "0644",
        "/less": "0755",
        "/less/e": "0500",
        "/less/f": "0500",
    }
    assert "mode" in complaint(pybuild, "FROM scratch\nCOPY --chmod=10000 d /\n")


def test_link(pybuild: Pybuild) -> None:
    """COPY --link: with --chmod it counts, too (differential case copy-link-with-chmod)"""
    text = "FROM scratch\nCOPY l /\nCOPY --chmod=0700 e /x/\nCOPY --link d /x/\nCOPY --link d /l\n"
    context = {"l/l": {"symlink": "x"}, "e/k": "k", "d/n": "n"}
    found = files_of(pybuild, text, context)
    assert found["/x"] == DIRECTORY, "the layer's own directory, not what was there"
    assert (found["/l"], found["/l/n"]) == (DIRECTORY, 'file 0644 0:0 1 "n"')


def test_parents(pybuild: Pybuild) -> None:
    """COPY --parents"""
    text = "FROM scratch\nCOPY --parents d/e/f /x/\nCOPY --parents d/./e/f /y/\nCOPY --parents **/f /z/\n"
    found = files_of(pybuild, text, {"d/e/f": "f", "f": "f"})
    kept = {path for path, line in found.items() if line.startswith("file")}
    assert kept == {"/x/d/e/f", "/y/e/f", "/z/d/e/f", "/z/f"}
    assert "missing" in complaint(pybuild, "FROM scratch\nCOPY --parents missing /x/\n")


def test_exclude(pybuild: Pybuild) -> None:
    """COPY/ADD --exclude"""
    text = "FROM scratch\nCOPY --exclude=**/*.o --exclude=sub/no d /x/\nCOPY --exclude=a.o d/a.o d/*.o /named/\n"
    context = {"d/a.o": "o", "d/sub/b.o": "o", "d/sub/no": "n", "d/sub/yes": "y"}
    found = {path for path, line in files_of(pybuild, text, context).items() if line.startswith("file")}
    assert found == {"/x/sub/yes", "/named/a.o"}


def test_add_local_archive(pybuild: Pybuild) -> None:
    """ADD local archive"""
    members = [{"name": "t/f", "text": "f", "owner": "1:2"}]
    packed = {name: {"tar": members, "compress": name.removeprefix("no")} for name in ("no", "gz", "bz2", "xz", "zst")}
    text = "".join(f"ADD {name} /{name}/new\n" for name in packed)
    context = {**packed, "cut": {"tar": members, "cut": 300}, "plain.tar": "no archive"}
    found = files_of(pybuild, f"FROM scratch\n{text}ADD cut plain.tar /x/\n", context)
    for name in packed:
        assert found[f"/{name}/new/t/f"] == 'file 0644 1:2 1 "f"'
    assert {"/x/cut", "/x/plain.tar"} < found.keys()


def test_add_others(pybuild: Pybuild) -> None:
    """ADD others"""
    text = "FROM scratch\nADD --chown=1:2 --chmod=600 a /x\nADD --link a /y\n"
    assert files_of(pybuild, text, {"a": "a"}) == {"/x": 'file 0600 1:2 1 "a"', "/y": A}


def test_copy_heredoc(pybuild: Pybuild) -> None:
    """COPY heredoc"""
    text = "FROM scratch\nARG V=v\nCOPY <<a <<'b' /x/\n$V\na\n$V\nb\nCOPY <<c <<c /y/\nfirst\nc\nlast\nc\n"
    assert files_of(pybuild, text) == {
        "/x": DIRECTORY,
        "/x/a": 'file 0644 0:0 2 "v\\n"',
        "/x/b": 'file 0644 0:0 3 "$V\\n"',
        "/y": DIRECTORY,
        "/y/c": 'file 0644 0:0 5 "last\\n"',
    }


def test_heredoc_syntax(pybuild: Pybuild) -> None:
    """Heredoc syntax. Found: in the JSON form BuildKit makes an empty file of that name."""
    text = 'FROM scratch\nENV V=v\nCOPY 3<<fd <<q"uo"ted /x/\n$V\nfd\n$V\nquoted\nCOPY ["<<j", "/"]\n'
    found = files_of(pybuild, text)
    assert found["/x/fd"] == 'file 0644 0:0 2 "v\\n"'
    assert found["/x/quoted"] == 'file 0644 0:0 3 "$V\\n"'
    assert found["/j"] == 'file 0644 0:0 0 ""'
    assert "heredoc" in complaint(pybuild, "FROM scratch\nCOPY <<E /\nno end\n")


def test_heredoc_tabs(pybuild: Pybuild) -> None:
    """Heredoc `<<-`"""
    found = files_of(pybuild, "FROM scratch\nCOPY <<-E /x\n\t\ttabs\n  blanks\n\tE\n")
    assert found == {"/x": 'file 0644 0:0 14 "tabs\\n  blanks\\n"'}


def test_heredoc_body_expansion(pybuild: Pybuild) -> None:
    """Heredoc body expansion (COPY/ADD)"""
    found = files_of(pybuild, "FROM scratch\nENV V=v\nCOPY <<E /x\n'$V' \"$V\" \\$V \\n [$U]\nE\n")
    assert found == {"/x": 'file 0644 0:0 16 "\'v\' \\"v\\" $V n []\\n"'}
