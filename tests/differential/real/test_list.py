"""The list is usable without its files; what is made up depends on a file's text alone."""

from __future__ import annotations

from builder.syntax.parse import parse
from tests.differential.real.context import made_up
from tests.differential.real.listed import listed


def test_the_list_has_more_than_twenty_files_of_several_repositories() -> None:
    entries = listed()
    assert len({entry.name for entry in entries}) == len(entries) >= 20
    assert len({entry.repository for entry in entries}) >= 5
    assert all(len(entry.commit) == 40 and len(entry.sha256) == 64 for entry in entries)


def test_what_a_file_copies_is_made_up() -> None:
    text = b"FROM a\nCOPY run.sh conf/*.conf data/ /\nADD --chown=1 https://x/y ./deep/name.txt /\nCOPY --from=b c d\n"
    made = made_up(parse(text))
    assert set(made) == {"run.sh", "conf/a.conf", "data/some", "data/more/of it", "data/more/program", "deep/name.txt"}
    assert made == made_up(parse(text))
