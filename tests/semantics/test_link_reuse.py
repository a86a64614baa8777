"""COPY --link: its layer does not depend on what is below, and so it is reused on another base."""

from __future__ import annotations

from pathlib import Path

from tests.semantics.images import image_of, in_folder

BASES = "FROM scratch AS one\nCOPY a /one\nFROM scratch AS two\nCOPY b /two\n"
END = "COPY --link --chown=3:4 d /x/y/\nLABEL end=1\n"


def test_link_is_reused_on_another_base(tmp_path: Path) -> None:
    pybuild = in_folder(tmp_path)
    context = {"a": "a", "b": "b", "d/f": "f"}
    first = image_of(pybuild, f"{BASES}FROM one\n{END}", context)
    second_file = f"{BASES}FROM two\n{END}"
    (pybuild.cwd / "Dockerfile").write_text(second_file)
    assert not [step for step in pybuild.ran(".") if "--link" in step]
    second = image_of(pybuild, second_file)
    assert first.diff_ids[-1] == second.diff_ids[-1]
    assert first.diff_ids[0] != second.diff_ids[0]
    expected = {"/x": "dir 0755 3:4", "/x/y": "dir 0755 3:4", "/x/y/f": 'file 0644 3:4 1 "f"'}
    assert {path: line for path, line in second.files.items() if path.startswith("/x")} == expected


def test_without_link_the_base_counts(tmp_path: Path) -> None:
    pybuild = in_folder(tmp_path)
    plain = END.replace("--link ", "")
    image_of(pybuild, f"{BASES}FROM one\n{plain}", {"a": "a", "b": "b", "d/f": "f"})
    (pybuild.cwd / "Dockerfile").write_text(f"{BASES}FROM two\n{plain}")
    assert [step for step in pybuild.ran(".") if "d /x/y/" in step]
