from __future__ import annotations

import pytest

from builder.syntax import instructions
from builder.syntax.faults import WordError
from builder.syntax.flags import FLAGS, UNCHECKED, Kind, read_flags
from builder.syntax.nodes import INSTRUCTION_NAMES, READERS
from builder.syntax.typed import READERS as TYPED_READERS

TYPES = {
    "ADD": instructions.Copy,
    "COPY": instructions.Copy,
    "FROM": instructions.From,
    "HEALTHCHECK": instructions.HealthcheckCommand,
    "RUN": instructions.Run,
}


def test_every_flag_has_its_field() -> None:
    for name, flags in FLAGS.items():
        assert {flag.field for flag in flags} <= set(TYPES[name].__annotations__)
        assert all(flag.help for flag in flags)


def test_the_tables_know_all_eighteen_instructions() -> None:
    assert len(INSTRUCTION_NAMES) == 18
    assert set(TYPED_READERS) == set(INSTRUCTION_NAMES) == {*READERS, "ONBUILD"}
    assert set(FLAGS) | UNCHECKED <= set(INSTRUCTION_NAMES)


def test_lists_gather_and_others_refuse_to() -> None:
    for name, flags in FLAGS.items():
        for flag in flags:
            word = f"--{flag.name}" if flag.kind is Kind.SWITCH else f"--{flag.name}={_sample(flag.name)}"
            if flag.kind is Kind.LIST:
                assert read_flags(name, [word, word])[flag.field] == (_sample(flag.name),) * 2
                continue
            with pytest.raises(WordError) as raised:
                read_flags(name, [word, word])
            assert raised.value.code == "duplicate-flag"


def test_an_unknown_flag_lists_the_known_ones() -> None:
    with pytest.raises(WordError) as raised:
        read_flags("FROM", ["--platfrom=x"])
    assert raised.value.message == "unknown flag: --platfrom (did you mean --platform?)"
    assert raised.value.hint == "flags of FROM: --platform"
    with pytest.raises(WordError) as raised:
        read_flags("USER", ["--x"])
    assert raised.value.hint == "USER has no flags"


def _sample(flag: str) -> str:
    return {"network": "none", "security": "sandbox", "retries": "1"}.get(flag, "1s")
