"""Rows of section 1.5 (lint rules), and those of 1.1 about `# check=`, of dockerfile-semantics.md.

Expected rules and lines are BuildKit's own: each text was also given to its dockerfile2llb.DockerfileLint (73ed682).
"""

from __future__ import annotations

import pytest

from builder.errors import BuildfileError
from builder.lint.ruleset import make_rules
from tests.lint.checking import OPTIONS, AnyImage, findings, with_args


def only(rule: str, text: str, ignore: str = "") -> list[int]:
    """The lines on which `rule` fires."""
    return [line for name, line in findings(text, ignore=ignore) if name == rule]


def test_there_are_22_rules() -> None:
    names = [rule.name for rule in make_rules()]
    assert len(set(names)) == len(names) == 22
    assert [rule.name for rule in make_rules() if rule.experimental] == ["InvalidDefinitionDescription"]


def test_casing_of_stage_names_as_and_instructions() -> None:
    """StageNameCasing, FromAsCasing, ConsistentInstructionCasing"""
    assert findings("FROM scratch AS BadName\nFROM scratch as b2\nFROM scratch AS b3\n") == [
        ("StageNameCasing", 1),
        ("FromAsCasing", 2),
    ]
    assert findings("from scratch AS base\nfrom scratch as base2\n") == [("FromAsCasing", 1)]
    assert findings("From scratch as base\nFROM scratch AS base2\n") == [("ConsistentInstructionCasing", 1)]
    assert findings("from scratch\nCOPY a /\ncopy b /\n") == [("ConsistentInstructionCasing", 2)]
    assert findings("from scratch\ncopy a /\narg x\n") == []
    assert findings("arg a\nFROM scratch\nCOPY a /\n") == []
    assert findings("from scratch\nCOPY a /\n") == [("ConsistentInstructionCasing", 1)]


def test_empty_continuation_legacy_format_maintainer() -> None:
    """NoEmptyContinuation, LegacyKeyValueFormat, MaintainerDeprecated"""
    assert only("NoEmptyContinuation", "FROM scratch\nCOPY a \\\n\n.\nCOPY a \\\n# fine\n.\n") == [4]
    assert only("NoEmptyContinuation", "FROM scratch\nCOPY <<X <<Y \\\n\n \\\n/\nx\nX\ny\nY\n") == [5]
    assert only("LegacyKeyValueFormat", "FROM scratch\nENV a b\nLABEL c d e=f\nENV g=h i=j\n") == [2, 3]
    assert only("LegacyKeyValueFormat", "FROM scratch AS a\nONBUILD ENV a b\nFROM a\n") == [3]
    assert findings("FROM scratch\nMAINTAINER me\n") == [("MaintainerDeprecated", 2)]


def test_duplicate_and_reserved_stage_names() -> None:
    """DuplicateStageName, ReservedStageName"""
    assert findings("FROM scratch AS b\nFROM scratch AS b\n") == [("DuplicateStageName", 2)]
    assert findings("FROM scratch AS scratch\nFROM scratch AS context\n") == [
        ("ReservedStageName", 1),
        ("ReservedStageName", 2),
    ]


def test_json_args_recommended() -> None:
    """JSONArgsRecommended"""
    text = 'FROM scratch\nENTRYPOINT top\nCMD ["x"]\nFROM scratch\nSHELL ["/bin/x"]\nCMD run\nENTRYPOINT run\n'
    assert only("JSONArgsRecommended", text) == [2]


def test_multiple_instructions_disallowed() -> None:
    """MultipleInstructionsDisallowed: the ones that do not count are told."""
    text = 'FROM scratch AS a\nCMD ["a"]\nCMD ["b"]\nCMD ["c"]\nFROM a\nCMD ["d"]\nHEALTHCHECK NONE\nHEALTHCHECK NONE\n'
    assert findings(text) == [
        ("MultipleInstructionsDisallowed", 2),
        ("MultipleInstructionsDisallowed", 3),
        ("MultipleInstructionsDisallowed", 7),
    ]


def test_undefined_variables() -> None:
    """UndefinedArgInFrom, UndefinedVar, InvalidDefaultArgInFrom"""
    assert findings("FROM --platform=$BULIDPLATFORM scratch\n") == [("UndefinedArgInFrom", 1)]
    assert only("UndefinedArgInFrom", "ARG VERSION=1\nFROM scratch$VERSOIN\nFROM a${b:-c}\n") == [2, 3]
    text = "FROM scratch AS first\nCOPY $foo .\nARG foo\nCOPY $foo $PATH $bar .\nENV a=$b c=$b\n"
    assert only("UndefinedVar", text) == [2, 4, 5, 5]
    assert only("InvalidDefaultArgInFrom", "ARG T\nFROM busybox:$T\nFROM $T\n") == [2, 3]
    assert findings("ARG T\nFROM busybox:$T\n", with_args(T="latest")) == [("InvalidDefaultArgInFrom", 2)]
    assert findings("ARG T\nFROM busybox:stable${T}\n", with_args(T="-musl")) == []
    assert findings('ARG V="latest"\nFROM busybox:${V}\n', with_args(V="1")) == []


def test_suggestions_are_part_of_the_message() -> None:
    """UndefinedVar with suggestion"""
    from tests.plan.planning import plan_of

    messages = [item.message for item in plan_of("FROM plain\nENV version=1\nLABEL a=$versoin\n").warnings]
    assert messages == ["Variable '$versoin' is not defined (did you mean $version?)"]


def test_workdir_relative_path() -> None:
    """WorkdirRelativePath: the first one of a stage; the base image's value is not considered."""
    assert findings("FROM base\nWORKDIR app\nWORKDIR more\n") == [("WorkdirRelativePath", 2)]
    assert findings("FROM base AS a\nWORKDIR /app\nFROM a\nWORKDIR more\nFROM base\nWORKDIR x\n") == [
        ("WorkdirRelativePath", 6)
    ]


def test_platforms_of_bases() -> None:
    """InvalidBaseImagePlatform, RedundantTargetPlatform, FromPlatformFlagConstDisallowed"""
    text = "FROM base\nCOPY --from=other /a /a\n"
    assert findings(text, images=AnyImage("arm64")) == [
        ("InvalidBaseImagePlatform", 1),
        ("InvalidBaseImagePlatform", 2),
    ]
    given = OPTIONS._replace(platform_given=True)
    assert findings("FROM base\n", given, images=AnyImage("arm64")) == [("InvalidBaseImagePlatform", 1)]
    text = "FROM --platform=$TARGETPLATFORM scratch\nFROM --platform=${TARGETOS}/amd64 scratch\n"
    assert findings(text) == [("RedundantTargetPlatform", 1)]
    text = "FROM --platform=linux/amd64 scratch\nFROM --platform=linux/amd64 scratch AS my_amd64\n"
    assert findings(text + "FROM --platform=linux/amd64 scratch AS linux\n") == [("FromPlatformFlagConstDisallowed", 1)]


def test_secrets_used_in_arg_or_env() -> None:
    """SecretsUsedInArgOrEnv: token list, and the words that take it back"""
    text = """FROM scratch
ARG SECRET_PASSPHRASE
ENV SUPER_Secret=foo
ENV password=bar secret=baz
ARG super_duper_secret_token=foo auth=bar
ENV apikey=bar sunflower=foo
ENV git_key=
ENV PUBLIC_KEY=
ARG public_token
ARG SECRET_PASSPHRASE_FILE
ENV password_file=bar secret_File=baz
ARG AUTH_MODULE_VERSION
ENV keyring=1 authority=2 my_credentials=3 DB_PASSWD=4 pword=5
"""
    assert only("SecretsUsedInArgOrEnv", text) == [2, 3, 4, 4, 5, 5, 6, 7, 13, 13, 13]


def test_copy_ignored_file() -> None:
    """CopyIgnoredFile: not where the ignore file has `!`"""
    text = (
        "FROM scratch AS a\nCOPY Dockerfile .\nADD Dockerfile dir/x /windy\nFROM scratch\nCOPY --from=a Dockerfile /\n"
    )
    assert only("CopyIgnoredFile", text, "Dockerfile\n") == [2, 3]
    assert only("CopyIgnoredFile", text, "dir\n") == [3]
    assert only("CopyIgnoredFile", text, "**/**/dir\n") == [3]
    assert only("CopyIgnoredFile", text, "**\n!Dockerfile\n") == []
    assert only("CopyIgnoredFile", "FROM scratch\nCOPY . .\nCOPY / .\n", ".*\n") == []
    assert only("CopyIgnoredFile", "FROM scratch\nCOPY . .\nCOPY * .\n", "*\n") == [2, 3]
    assert only("CopyIgnoredFile", "FROM scratch\nADD https://example.com/x /\nCOPY <<x /\nx\n", "*\n") == []


def test_expose() -> None:
    """ExposeProtoCasing, ExposeInvalidFormat"""
    text = "FROM scratch\nEXPOSE 80/TcP 8080/TCP 8080/udp\nEXPOSE 127.0.0.1:80:80 [::1]:8080:8080 5000:5000 8000\n"
    assert only("ExposeProtoCasing", text) == [2, 2]
    assert only("ExposeInvalidFormat", text) == [3, 3, 3]


def test_invalid_definition_description() -> None:
    """InvalidDefinitionDescription: experimental"""
    text = """# check=experimental=InvalidDefinitionDescription
# bar this is the bar
ARG foo=bar
# BasE this is the BasE image
FROM scratch AS base
# definitely a bad comment
ARG version=latest
# definitely a bad comment
ARG foo=baz bar=qux baz=quux
# baz is one of them
ARG foo=baz bar=qux baz=quux
# not this
#
ARG bit=bat
"""
    assert only("InvalidDefinitionDescription", text) == [3, 5, 7, 9]
    assert findings(text.partition("\n")[2]) == []


def test_check_directive() -> None:
    """`# check=`"""
    text = "FROM scratch as base\ncopy a .\n"
    both = [("FromAsCasing", 2), ("ConsistentInstructionCasing", 3)]
    assert findings("#check=skip=X\n" + text) == both
    assert findings("#check=skip=all\n" + text) == []
    assert findings("# Check = skip=ConsistentInstructionCasing , FromAsCasing\n" + text) == both[:1]
    assert findings("#check=skip=ConsistentInstructionCasing;error=true\n" + text) == both[:1]
    comment = "# other words\nARG foo\n"
    assert findings(f"# check=skip=all;experimental=all\n{comment}{text}") == [("InvalidDefinitionDescription", 3)]
    assert findings("#!/usr/bin/env x\n#check=skip=all\n" + text) == []
    assert findings("\n#check=skip=all\n" + text) != []
    assert findings("#check=skip=all\n" + text, with_args(BUILDKIT_DOCKERFILE_CHECK="")) != []
    assert findings(text, with_args(BUILDKIT_DOCKERFILE_CHECK="skip=all")) == []


@pytest.mark.parametrize("text", ["skip", "other=1", "error=yes", "skip=A;error=true;skip=B;x"])
def test_malformed_check_directive(text: str) -> None:
    """`# check=`: anything else fails the build (three parts at most: the third takes what follows)"""
    if text.startswith("skip=A"):
        assert findings(f"# check={text}\nFROM scratch\n") == []
        return
    with pytest.raises(BuildfileError, match="not a setting"):
        findings(f"# check={text}\nFROM scratch\n")


def test_check_above_one_instruction() -> None:
    """`# check=` above one instruction: for it alone, cut at the first blank"""
    text = """FROM scratch
# check=skip=SecretsUsedInArgOrEnv // allow it
ENV password=bar
# check=skip=all // this one too
ARG password
# check=skip=MultipleInstructionsDisallowed;nonsense
ENV secret=1
# check=skip=ConsistentInstructionCasing
# check=skip=SecretsUsedInArgOrEnv
env token=1
"""
    assert findings(text) == [
        ("SecretsUsedInArgOrEnv", 7),
        ("ConsistentInstructionCasing", 10),
        ("SecretsUsedInArgOrEnv", 10),
    ]
    assert findings("# a\n# check=skip=StageNameCasing\nFROM scratch AS Base\n") == []


def test_only_stages_that_take_part_unless_checked() -> None:
    """Warnings during a build come from the stages it needs; `--check` without a target looks at all."""
    text = "FROM scratch AS first\nCOPY $foo .\nFROM scratch AS second\nCOPY $bar .\n"
    assert findings(text) == [("UndefinedVar", 2), ("UndefinedVar", 4)]
    assert findings(text, OPTIONS._replace(target="second")) == [("UndefinedVar", 4)]
