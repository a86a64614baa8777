"""Platforms: os/architecture[/variant] (OCI image-spec, image-index.md, object `platform`)."""

from __future__ import annotations

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


class Platform(NamedTuple):
    os: str
    architecture: str
    variant: str = ""
    os_version: str = ""

    @classmethod
    def parse(cls, text: str, default: Platform | None = None) -> Platform:
        """`linux/arm64/v8`, `arm64`, `linux`; what is missing comes from `default`. Architecture aliases are
        normalised (`x86_64` is `amd64`, `arm` is `arm/v7`, `arm64/v8` is `arm64`)."""
        words = text.strip().lower().split("/")
        if not all(words) or len(words) > 3:
            raise ImageError(
                "bad-platform", f"not a platform: {text!r}", hint="write os/architecture, e.g. linux/amd64"
            )
        base = default or cls("linux", "amd64")
        if len(words) == 1 and words[0] in ("linux", "windows", "darwin", "freebsd"):
            return cls(words[0], base.architecture, base.variant)
        if len(words) == 1:
            words.insert(0, base.os)
        architecture, variant = _ARCHITECTURES.get(words[1], (words[1], ""))
        if len(words) == 3:
            variant = words[2]
        if (architecture, variant) == ("arm64", "v8") or (architecture, variant) == ("amd64", "v1"):
            variant = ""
        return cls(words[0], architecture, variant)

    def __str__(self) -> str:
        return "/".join(word for word in (self.os, self.architecture, self.variant) if word)

    def matches(self, wanted: Platform) -> bool:
        """Whether an image of this platform serves where `wanted` is asked for (exact but for spelling)."""
        return Platform.parse(str(self)) == Platform.parse(str(wanted))

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
