"""Platforms: os/architecture[/variant] (OCI image-spec, image-index.md, object `platform`)."""

from __future__ import annotations

import os

from builder.errors import ImageError
from builder.lean import NamedTuple

_ARCHITECTURES = {
    "x86_64": ("amd64", ""),
    "x86-64": ("amd64", ""),
    "amd64": ("amd64", ""),
    "i386": ("386", ""),
    "i486": ("386", ""),
    "i586": ("386", ""),
    "i686": ("386", ""),
    "386": ("386", ""),
    "aarch64": ("arm64", ""),
    "arm64": ("arm64", ""),
    "armhf": ("arm", "v7"),
    "armel": ("arm", "v6"),
    "armv7l": ("arm", "v7"),
    "armv6l": ("arm", "v6"),
    "armv5l": ("arm", "v5"),
    "arm": ("arm", "v7"),
}
_SYSTEMS = frozenset({
    "aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js", "linux", "macos", "nacl",
    "netbsd", "openbsd", "plan9", "solaris", "windows", "zos",
})  # fmt: skip
_LONE_ARCHITECTURES = _ARCHITECTURES.keys() | {
    "amd64p32", "arm64be", "armbe", "loong64", "mips", "mips64", "mips64le", "mips64p32", "mips64p32le", "mipsle",
    "ppc", "ppc64", "ppc64le", "riscv", "riscv64", "s390", "s390x", "sparc", "sparc64", "wasm",
}  # fmt: skip
"""What may stand alone as an architecture: everywhere else any word will do."""
_WITH_VARIANT = frozenset({"armhf", "armel", "armv7l", "armv6l", "armv5l", "i386"})
"""Names that say the variant themselves."""
_UNSAID = frozenset({("arm64", "v8"), ("arm64", "v8.0"), ("amd64", "v1")})


class Platform(NamedTuple):
    os: str
    architecture: str
    variant: str = ""
    os_version: str = ""

    @classmethod
    def parse(cls, text: str, default: Platform | None = None) -> Platform:
        """`linux/arm64/v8`, `arm64`, `linux`; what is missing comes from `default`. Architecture aliases are
        normalised (`x86_64` is `amd64`, `arm` is `arm/v7`, `arm64/v8` is `arm64`)."""
        words = text.strip().split("/")
        os, os_version = _split_system(words[0])
        words[0] = os
        if not all(words) or len(words) > 3 or not all(_is_word(word) for word in words):
            raise _not_a_platform(text)
        words = [word.lower() for word in words]
        base = default or cls("linux", "amd64")
        if len(words) == 1 and words[0] in _SYSTEMS:
            return cls(words[0], base.architecture, base.variant, os_version).normalized()
        if len(words) == 1:
            if words[0] not in _LONE_ARCHITECTURES or os_version:
                raise _not_a_platform(text)
            words.insert(0, base.os)
        architecture, variant = _ARCHITECTURES.get(words[1], (words[1], ""))
        return cls(words[0], architecture, words[2] if len(words) == 3 else variant, os_version).normalized()

    def __str__(self) -> str:
        return "/".join(word for word in (self.os, self.architecture, self.variant) if word)

    @property
    def full(self) -> str:
        """With the version of the system, where there is one: `windows(10.0.17763.1)/amd64`."""
        system = f"{self.os}({self.os_version})" if self.os_version else self.os
        return "/".join(word for word in (system, self.architecture, self.variant) if word)

    def normalized(self) -> Platform:
        """The one spelling of several that mean the same (containerd's platforms, Normalize)."""
        system, architecture, variant = self.os.lower(), self.architecture.lower(), self.variant.lower()
        alias = _ARCHITECTURES.get(architecture)
        if alias and (not variant or architecture in _WITH_VARIANT):
            architecture, variant = alias
        elif alias:
            architecture = alias[0]
        if architecture in ("arm", "arm64") and variant[:1].isdecimal():
            variant = f"v{variant}"
        if (architecture, variant) in _UNSAID:
            variant = ""
        elif (architecture, variant) == ("arm64", "v9.0"):
            variant = "v9"
        return Platform("darwin" if system == "macos" else system, architecture, variant, self.os_version)

    def matches(self, wanted: Platform) -> bool:
        """Whether both are the same but for spelling. What else serves is for `images.select` to say."""
        return self.normalized()[:3] == wanted.normalized()[:3]

    def to_json(self) -> dict[str, object]:
        fields = {
            "architecture": self.architecture,
            "os": self.os,
            "os.version": self.os_version,
            "variant": self.variant,
        }
        return {key: value for key, value in fields.items() if value}

    @classmethod
    def from_json(cls, value: object) -> Platform:
        if not isinstance(value, dict):
            raise ImageError("bad-platform", "a platform is an object with os and architecture")
        text = {key: value.get(key) or "" for key in ("os", "architecture", "variant", "os.version")}
        if not all(isinstance(part, str) for part in text.values()):
            raise ImageError("bad-platform", "a platform's members are strings")
        return cls(text["os"], text["architecture"], text["variant"], text["os.version"])


def _split_system(word: str) -> tuple[str, str]:
    """`windows(10.0.17763.1)`: the system and its version."""
    system, bracket, version = word.partition("(")
    if not bracket:
        return word, ""
    return (system, version[:-1]) if version.endswith(")") and version != ")" else ("", "")


def _is_word(word: str) -> bool:
    return word.isascii() and word.replace("_", "").replace("-", "").replace(".", "").isalnum()


def _not_a_platform(text: str) -> ImageError:
    return ImageError("bad-platform", f"not a platform: {text[:100]!r}", hint="write os/architecture, e.g. linux/amd64")


def host_platform() -> Platform:
    """This machine's."""
    return Platform.parse(os.uname().machine)
