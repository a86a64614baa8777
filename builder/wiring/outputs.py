"""From the outputs that were asked for to what writes them."""

from __future__ import annotations

from collections.abc import Callable

from builder.lean import TYPE_CHECKING
from builder.model.reference import parse_tag
from builder.outputs.types import Means, Output, OutputKind, OutputSpec, Shape
from builder.pipeline.build import BuildOptions, Layered, Written

if TYPE_CHECKING:
    from builder.images.index import Built
    from builder.images.stored import Image
    from builder.model.platform import Platform

OUTPUTS = {
    "image": ("builder.outputs.store", "StoreOutput"),
    "registry": ("builder.outputs.registry", "RegistryOutput"),
    "oci": ("builder.outputs.oci", "OciOutput"),
    "docker": ("builder.outputs.docker", "DockerOutput"),
    "local": ("builder.outputs.local", "LocalOutput"),
    "tar": ("builder.outputs.tar", "TarOutput"),
    "cacheonly": ("builder.outputs.nothing", "NoOutput"),
}
"""Module and class of each `--output type=`; imported when it is used."""


def output_writer(
    options: BuildOptions, platforms: list[Platform], means: Means, allow_insecure: Callable[[tuple[str, ...]], None]
) -> Callable[[tuple[Layered, ...]], Written]:
    """Checks the specs now, before anything is built; the function that it returns writes them all."""
    names = tuple(parse_tag(tag) for tag in options.tags)
    specs = _parsed(options.outputs, means) if options.outputs else [OutputSpec(OutputKind.IMAGE)]
    if options.push or any(spec.push for spec in specs):
        from builder.outputs.spec import check_push_names, pushing

        specs = pushing(specs if options.outputs else []) if options.push else specs
        check_push_names(specs, names)
        allow_insecure(_insecure(specs, names))
    as_index = _checked_index(options, platforms, specs)
    if options.annotations or any(spec.annotations for spec in specs):
        specs = _annotated(options, platforms, specs, as_index)

    def write(images: tuple[Layered, ...]) -> Written:
        shaped = [_shaped(images, spec, means, as_index) for spec in specs]
        for spec, form in zip(specs, shaped, strict=True):
            _output(spec._replace(names=spec.names or names), means).write(form)
        return Written(tuple(dict.fromkeys((*names, *(name for spec in specs for name in spec.names)))), shaped[0])

    return write


def _insecure(specs: list[OutputSpec], names: tuple[str, ...]) -> tuple[str, ...]:
    """The registries of outputs with registry.insecure=true."""
    from builder.model.reference import Reference

    return tuple(Reference.parse(name).domain for spec in specs if spec.insecure for name in spec.names or names)


def _checked_index(options: BuildOptions, platforms: list[Platform], specs: list[OutputSpec]) -> bool:
    """Whether the outputs get an index."""
    given = dict(options.build_args).get("BUILDKIT_MULTI_PLATFORM", "")
    if not given and "," not in options.platform:
        return False
    from builder.outputs.platforms import check_outputs, wants_index

    as_index = wants_index(len(platforms), given)
    if as_index:
        check_outputs(specs)
    return as_index


def _annotated(
    options: BuildOptions, platforms: list[Platform], specs: list[OutputSpec], as_index: bool
) -> list[OutputSpec]:
    from builder.outputs.annotations import check_annotations, parse_annotation

    everywhere = tuple(annotation for text in options.annotations for annotation in parse_annotation(text))
    specs = [spec._replace(annotations=everywhere + spec.annotations) for spec in specs]
    for spec in specs:
        check_annotations(spec.annotations, platforms, as_index)
    return specs


def _shaped(images: tuple[Layered, ...], spec: OutputSpec, means: Means, as_index: bool) -> Built:
    if spec.shape == Shape():
        forms = [image for image, _ in images]
    else:
        from builder.outputs.reshape import reshape

        forms = [reshape(image, inherited, spec.shape, means) for image, inherited in images]
    built: Built = forms[0]
    if as_index:
        from builder.images.index import assemble_index

        built = assemble_index(means.store, tuple(forms))
    if not spec.annotations:
        return built
    from builder.outputs.annotations import annotate

    return annotate(built, spec.annotations, means.store)


def export_files(image: Image, dest: str, means: Means) -> None:
    kind = OutputKind.TAR if dest.endswith(".tar") else OutputKind.LOCAL
    _output(OutputSpec(kind, dest), means).write(image)


def _output(spec: OutputSpec, means: Means) -> Output:
    module, name = OUTPUTS[spec.kind]
    output: Output = getattr(__import__(module, fromlist=[name]), name)(spec, means)
    return output


def _parsed(outputs: tuple[str, ...], means: Means) -> list[OutputSpec]:
    from builder.outputs.destination import check_destination
    from builder.outputs.spec import parse_output

    specs = [parse_output(text) for text in outputs]
    for spec in specs:
        if spec.is_archive:
            check_destination(spec.dest, means.stdout_fd)
    return specs
