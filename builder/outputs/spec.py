"""`--output` as docker writes it: comma-separated `key=value`, or only a path."""

from __future__ import annotations

from builder.errors import UsageError
from builder.lean import TYPE_CHECKING
from builder.model.reference import parse_tag
from builder.outputs.types import STDOUT, OutputKind, OutputSpec, Shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.layers.compress import Compression
    from builder.outputs.annotations import Annotation

_SHAPE = ("compression", "compression-level", "force-compression", "oci-mediatypes", "rewrite-timestamp")
_PUSH = ("push-by-digest", "registry.insecure")
_KEYS = {
    OutputKind.IMAGE: ("name", "name-canonical", "push", *_PUSH, *_SHAPE),
    OutputKind.REGISTRY: ("name", "name-canonical", "push", *_PUSH, *_SHAPE),
    OutputKind.OCI: ("dest", "name", "tar", *_SHAPE),
    OutputKind.DOCKER: ("dest", "name", *_SHAPE),
    OutputKind.LOCAL: ("dest",),
    OutputKind.TAR: ("dest",),
    OutputKind.CACHEONLY: (),
}
_NOT_YET = {
    "attestation-prefix", "buildinfo", "context", "dangling-name-prefix", "nydus-fs-version", "platform-split",
    "prefer-nondist-layers", "preferred-nondist-layers", "store", "unpack",
}  # fmt: skip
"""What buildx knows and we do not: a clearer answer than `unknown key`."""
_TRUE, _FALSE = ("1", "t", "true"), ("0", "f", "false")


def parse_output(text: str) -> OutputSpec:
    """Raises UsageError with a suggestion for what does not exist. `-o DIR` is type local, `-o -` is tar to stdout."""
    fields = _fields(text)
    if len(fields) == 1 and "=" not in fields[0]:
        return OutputSpec(OutputKind.TAR, STDOUT) if fields[0] == STDOUT else OutputSpec(OutputKind.LOCAL, fields[0])
    values: dict[str, str] = {}
    annotations: list[Annotation] = []
    for field in fields:
        key, equals, value = field.partition("=")
        annotation = _annotation(key, value) if equals else None
        if annotation:
            annotations.append(annotation)
            continue
        key = key.strip().lower()
        if not equals or not key:
            raise UsageError("bad-output", f"--output: {field!r} is not of the form key=value")
        if key in values:
            raise UsageError("bad-output", f"--output: {key} is given twice")
        values[key] = value
    kind = _kind(values.pop("type", ""), text)
    for key in values:
        if key not in _KEYS[kind]:
            raise _unknown_key(key, kind)
    as_tar = _flag("tar", values.get("tar", "true"))
    names, shape = _names(values.get("name", "")), parse_shape(values)
    spec = OutputSpec(kind, _dest(kind, values.get("dest", ""), as_tar), names, as_tar, shape, tuple(annotations))
    return _with_push(spec, values)


def _with_push(spec: OutputSpec, values: Mapping[str, str]) -> OutputSpec:
    """`name-canonical` says that an image which is pushed by its digest is also kept by it."""
    registry = spec.kind is OutputKind.REGISTRY
    given = {key: _flag(key, values.get(key, "false")) for key in ("push-by-digest", "registry.insecure")}
    push = _flag("push", values.get("push", str(registry)))
    if registry and not push:
        raise UsageError("bad-output", "--output: type=registry pushes", hint="type=image keeps the image in the store")
    if any(given.values()) and not push:
        hint = "add push=true, or say type=registry"
        raise UsageError("bad-output", f"--output: {', '.join(key for key in given if given[key])} pushes", hint=hint)
    by_digest = given["push-by-digest"]
    if by_digest and not _flag("name-canonical", values.get("name-canonical", "false")):
        spec = spec._replace(kind=OutputKind.REGISTRY)
    return spec._replace(push=push, by_digest=by_digest, insecure=given["registry.insecure"])


def pushing(specs: list[OutputSpec]) -> list[OutputSpec]:
    """What `--push` makes of the outputs that are asked for: images are pushed, and where there are none, a registry is
    the only output or another one."""
    if any(spec.kind in (OutputKind.IMAGE, OutputKind.REGISTRY) for spec in specs):
        return [spec._replace(push=spec.push or spec.kind is OutputKind.IMAGE) for spec in specs]
    return [*specs, OutputSpec(OutputKind.REGISTRY, push=True)]


def check_push_names(specs: list[OutputSpec], tags: tuple[str, ...]) -> None:
    """Raises UsageError where it is not said where to push to."""
    if any(spec.push and not (spec.names or tags) for spec in specs):
        hint = "name the image with -t HOST/NAME:TAG, or with name= in the output"
        raise UsageError("no-name", "a tag is needed when pushing to a registry", hint=hint)


def _annotation(key: str, value: str) -> Annotation | None:
    if not key.startswith("annotation"):
        return None
    from builder.outputs.annotations import parse_output_key

    return parse_output_key(key, value)


def parse_shape(values: Mapping[str, str]) -> Shape:
    """The keys of buildx that say in what form an image is wanted. Raises UsageError for values that cannot be."""
    oci = _flag("oci-mediatypes", values.get("oci-mediatypes", "true"))
    shape = Shape(
        force=_flag("force-compression", values.get("force-compression", "false")),
        docker_types=not oci,
    )
    if not _flag("rewrite-timestamp", values.get("rewrite-timestamp", "true")):
        hint = "where SOURCE_DATE_EPOCH is set, file times follow it; build without it to keep them"
        raise UsageError("unsupported-output", "--output: rewrite-timestamp=false is not supported", hint=hint)
    if "compression" in values or "compression-level" in values:
        shape = _with_compression(shape, values)
    return shape


def _with_compression(shape: Shape, values: Mapping[str, str]) -> Shape:
    from builder.layers.compress import Compression

    kinds = {"uncompressed": Compression.NONE, "gzip": Compression.GZIP, "zstd": Compression.ZSTD}
    text = values.get("compression", "gzip")
    if text not in kinds:
        extra = " (estargz needs a reader that no image store of today has by default)" if text == "estargz" else ""
        hint = f"compression is one of: {', '.join(kinds)}"
        raise UsageError("unknown-compression", f"--output: there is no compression {text!r}{extra}", hint=hint)
    compression = kinds[text]
    if compression is Compression.ZSTD and shape.docker_types:
        hint = "docker's media types know gzip and uncompressed layers"
        raise UsageError("bad-output", "--output: compression=zstd contradicts oci-mediatypes=false", hint=hint)
    return shape._replace(compression=compression, level=_level(compression, values.get("compression-level")))


def _level(compression: Compression, text: str | None) -> int | None:
    if text is None:
        return None
    levels = compression.levels
    if not text.isdecimal() or int(text) not in levels:
        message = f"--output: compression-level is {levels[0]} to {levels[-1]} for {compression}, not {text!r}"
        raise UsageError("bad-output", message)
    return int(text)


def _fields(text: str) -> list[str]:
    import csv

    try:
        rows = list(csv.reader([text], strict=True))
    except csv.Error as error:
        raise UsageError("bad-output", f"--output: {text!r} is not comma-separated values: {error}") from error
    if len(rows) != 1 or not any(rows[0]):
        raise UsageError("bad-output", "--output needs a value", hint="for instance type=oci,dest=app.tar")
    return rows[0]


def _kind(text: str, output: str) -> OutputKind:
    types = f"type is one of: {', '.join(OutputKind)}"
    if not text:
        raise UsageError("bad-output", f"--output {output!r} names no type", hint=types)
    try:
        return OutputKind(text)
    except ValueError:
        hint = _suggestion(text, list(OutputKind)) or types
        raise UsageError("unknown-output", f"--output: there is no type {text!r}", hint=hint) from None


def _dest(kind: OutputKind, dest: str, as_tar: bool) -> str:
    if kind in (OutputKind.IMAGE, OutputKind.REGISTRY, OutputKind.CACHEONLY):
        return ""
    if kind is OutputKind.LOCAL or not as_tar:
        if dest in ("", STDOUT):
            what = "type=local" if as_tar else "tar=false"
            raise UsageError("bad-output", f"--output: {what} needs a directory", hint="add dest=DIR")
        return dest
    return dest or STDOUT


def _names(text: str) -> tuple[str, ...]:
    return tuple(parse_tag(name.strip()) for name in text.split(",") if name.strip())


def _flag(key: str, text: str) -> bool:
    if text.lower() not in _TRUE + _FALSE:
        raise UsageError("bad-output", f"--output: {key} is true or false, not {text!r}")
    return text.lower() in _TRUE


def _unknown_key(key: str, kind: OutputKind) -> UsageError:
    if key in _NOT_YET:
        return UsageError("unsupported-output", f"--output: {key} is not supported yet")
    keys = ("type", *_KEYS[kind])
    hint = _suggestion(key, list(keys)) or f"type={kind} has: {', '.join(keys)}"
    return UsageError("unknown-output", f"--output: type={kind} has no key {key!r}", hint=hint)


def _suggestion(word: str, words: list[str]) -> str | None:
    import difflib

    close = difflib.get_close_matches(word, words, n=1)
    return f"did you mean {close[0]}?" if close else None
