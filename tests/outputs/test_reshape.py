"""The same files in other forms."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from builder.errors import BuilderError, UsageError
from builder.images.stored import Image
from builder.images.unpack import ensure_table
from builder.layers.compress import Compression
from builder.model import media_types
from builder.model.digest import Digest
from builder.model.layer import Tail
from builder.outputs.oci import OciOutput
from builder.outputs.reshape import reshape
from builder.outputs.spec import parse_output
from builder.outputs.types import Means, OutputSpec, Shape
from tests.support.umoci import unpack_with_umoci

GZIP, ZSTD, TAR = media_types.OCI_LAYER_GZIP, media_types.OCI_LAYER_ZSTD, media_types.OCI_LAYER


def types(image: Image) -> list[str]:
    return [layer.media_type for layer in image.manifest.layers]


@pytest.mark.parametrize(
    ("shape", "inherited", "expected"),
    [
        (Shape(Compression.ZSTD), 0, [ZSTD, ZSTD]),
        (Shape(Compression.ZSTD), 1, [GZIP, ZSTD]),
        (Shape(Compression.ZSTD, force=True), 1, [ZSTD, ZSTD]),
        (Shape(Compression.NONE), 2, [GZIP, GZIP]),
        (Shape(Compression.NONE, force=True), 2, [TAR, TAR]),
        (Shape(docker_types=True), 1, [media_types.DOCKER_LAYER_GZIP] * 2),
    ],
)
def test_layers_of_the_build_change_and_those_of_the_base_if_forced(
    shape: Shape, inherited: int, expected: list[str], image: Image, means: Means
) -> None:
    shaped = reshape(image, inherited, shape, means)
    assert types(shaped) == expected
    assert shaped.id == image.id
    assert shaped.config == image.config
    assert reshape(image, inherited, shape, means) == shaped


def archive_bytes(image: Image) -> int:
    """Without the tables of contents behind the archives."""
    tails = [(layer, Tail.of(layer)) for layer in image.manifest.layers]
    return sum(tail.start if tail else layer.size for layer, tail in tails)


def test_the_form_does_not_depend_on_what_was_asked_before(image: Image, means: Means) -> None:
    quick, slow = Shape(Compression.GZIP, 1, force=True), Shape(Compression.GZIP, 12, force=True)
    first, best, again = (reshape(image, 0, shape, means) for shape in (quick, slow, quick))
    assert first == again
    assert archive_bytes(best) < archive_bytes(first)
    assert reshape(image, 0, Shape(Compression.GZIP), means) == image


def test_other_tools_read_it(image: Image, means: Means, tmp_path: Path) -> None:
    for name, shape in {"zstd": Shape(Compression.ZSTD), "plain": Shape(Compression.NONE)}.items():
        spec = OutputSpec(parse_output("type=oci").kind, f"{tmp_path}/{name}", (f"app:{name}",), as_tar=False)
        OciOutput(spec, means).write(reshape(image, 0, shape, means))
        subprocess.run(["skopeo", "copy", f"oci:{tmp_path}/{name}:{name}", f"dir:{tmp_path}/{name}.copy"], check=True)
    unpack_with_umoci(f"{tmp_path}/plain:plain", f"{tmp_path}/bundle")
    assert (tmp_path / "bundle/rootfs/etc/name").read_text() == "new"


def test_docker_cannot_say_zstd(image: Image, means: Means) -> None:
    zstd = reshape(image, 0, Shape(Compression.ZSTD), means)
    with pytest.raises(UsageError, match="zstd"):
        reshape(zstd, 2, Shape(docker_types=True), means)


def test_a_layer_that_is_not_what_its_image_says(image: Image, means: Means) -> None:
    swapped = image._replace(config=image.config._replace(diff_ids=image.config.diff_ids[::-1]))
    with pytest.raises(BuilderError) as caught:
        reshape(swapped, 0, Shape(Compression.ZSTD), means)
    assert caught.value.code == "layer-mismatch"


def test_a_layer_whose_blob_is_another_one(image: Image, means: Means) -> None:
    """Its table is known from elsewhere, and must not be put under the diff id that comes out."""
    for layer in image.layers:
        ensure_table(means.store, layer, means.open_source)
    swapped = image._replace(config=image.config._replace(diff_ids=image.config.diff_ids[::-1]))
    tables = [means.store.tables.text(diff_id) for diff_id in image.config.diff_ids]
    with pytest.raises(BuilderError) as caught:
        reshape(swapped, 0, Shape(Compression.ZSTD), means)
    assert caught.value.code == "bad-image"
    assert [means.store.tables.text(diff_id) for diff_id in image.config.diff_ids] == tables


def test_an_image_tells_its_tables_in_every_form_that_has_room(image: Image, means: Means) -> None:
    zstd = reshape(image, 0, Shape(Compression.ZSTD), means)
    tables = [Digest.of(means.store.tables.text(layer.diff_id)) for layer in zstd.layers]
    assert [tail.table for layer in zstd.layers if (tail := Tail.of(layer.descriptor))] == tables
    for shape in (Shape(Compression.NONE), Shape(Compression.GZIP, 2, docker_types=True)):
        assert [layer.annotations for layer in reshape(image, 0, shape, means).manifest.layers] == [(), ()]


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("type=oci,compression=zstd", Shape(Compression.ZSTD)),
        ("type=oci,compression=uncompressed,force-compression=1", Shape(Compression.NONE, force=True)),
        ("type=image,compression-level=9", Shape(Compression.GZIP, 9)),
        ("type=docker,oci-mediatypes=false,rewrite-timestamp=true", Shape(docker_types=True)),
    ],
)
def test_reads_dockers_keys(text: str, shape: Shape) -> None:
    assert parse_output(text).shape == shape


@pytest.mark.parametrize(
    "text",
    [
        "type=oci,compression=lzma",
        "type=oci,compression=estargz",
        "type=oci,compression=zstd,oci-mediatypes=false",
        "type=oci,compression=zstd,compression-level=99",
        "type=oci,compression-level=-1",
        "type=image,rewrite-timestamp=false",
        "type=local,dest=x,compression=gzip",
        "type=cacheonly,dest=x",
    ],
)
def test_refuses_what_cannot_be(text: str) -> None:
    with pytest.raises(UsageError):
        parse_output(text)
