"""What the image of a build holds: its layers, their biggest files, what is wasted."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import NamedTuple, NoReturn

from builder.builds.types import BuildRecord, StepRow
from builder.errors import BuilderError, ImageError
from builder.images.find import find_image
from builder.images.stored import Image, stored_images
from builder.layerview.analysis import Analysis, LayerRow, Table, analyse
from builder.model.entry import Entry, Kind
from builder.report.treemap import Area, areas
from builder.store.store import Store

_FILES = 24
"""So many of each layer are named."""
_EDGE, _HEAD = 3.0, 20.0
_SMALL = 3.0
"""Pixels: what has a shorter side is not drawn, its layer's colour stands for it."""


class BigFile(NamedTuple):
    path: str
    size: int
    is_hidden: bool
    """A higher layer has the path again, or took it away."""


class LayerContents(NamedTuple):
    row: LayerRow
    step: StepRow | None
    """That made it; None: it is the base's."""
    files: tuple[BigFile, ...]
    """The biggest, first."""
    rest_bytes: int
    rest_count: int


class ImageContents(NamedTuple):
    platform: str
    analysis: Analysis
    layers: tuple[LayerContents, ...]


class Cell(NamedTuple):
    x: float
    """Per cent, as `width`; the others are pixels."""
    y: float
    width: float
    height: float
    label: str
    size: int
    state: str
    has_words: bool
    has_size: bool


class Tile(NamedTuple):
    layer: LayerContents
    cell: Cell
    files: tuple[Cell, ...]


class Treemap(NamedTuple):
    kind: str
    height: float
    tiles: tuple[Tile, ...]


def contents_of(store: Store, record: BuildRecord) -> tuple[tuple[ImageContents, ...], str]:
    """One for each platform; else why there is none. Fetches nothing."""
    if not record.image_id:
        return (), "This build made no image."
    try:
        descriptor = find_image(store, record.digest or record.image_id).descriptor
        images = stored_images(store, descriptor, record.id)
        return tuple(_contents(store, record, image) for image in images), ""
    except BuilderError as error:
        return (), f"The image's layers cannot be looked into here: {error.message}."


def treemaps(contents: ImageContents) -> tuple[Treemap, ...]:
    """For screens, and for phones."""
    return (_treemap(contents, "wide", 1120.0, 470.0), _treemap(contents, "narrow", 350.0, 620.0))


def _contents(store: Store, record: BuildRecord, image: Image) -> ImageContents:
    analysis, tables = analyse(store, image, _nowhere)
    made = {row.diff_id: row for row in record.steps}
    covered = {
        (layer, waste.path)
        for waste in analysis.wastes
        for layer in (waste.layers if waste.removed else waste.layers[:-1])
    }
    layers = [
        _layer(row, made.get(str(row.diff_id)), table, lambda number, path: (number, path) in covered)
        for row, table in zip(analysis.layers, tables, strict=True)
    ]
    return ImageContents(str(image.config.platform), analysis, tuple(layers))


def _nowhere(_origin: str) -> NoReturn:
    raise ImageError("layer-elsewhere", "some are not on this machine")


def _layer(row: LayerRow, step: StepRow | None, table: Table, covered: Callable[[int, str], bool]) -> LayerContents:
    files = sorted((entry for entry in table if entry.kind is Kind.FILE and entry.size), key=_by_size)
    named = tuple(BigFile(entry.path, entry.size, covered(row.number, entry.path)) for entry in files[:_FILES])
    rest = files[_FILES:]
    return LayerContents(row, step, named, sum(entry.size for entry in rest), len(rest))


def _by_size(entry: Entry) -> tuple[int, bytes]:
    return -entry.size, os.fsencode(entry.path)


def _treemap(contents: ImageContents, kind: str, width: float, height: float) -> Treemap:
    layers = sorted((layer for layer in contents.layers if layer.row.size_bytes), key=lambda one: -one.row.size_bytes)
    outer = areas([layer.row.size_bytes for layer in layers], Area(0, 0, width, height))
    tiles = []
    for layer, area in zip(layers, outer, strict=True):
        label = layer.step.text if layer.step else f"base: {layer.row.created_by or layer.row.digest.short}"
        state = "made" if layer.step else "base"
        frame = area.inside(1, 1)
        cell = _cell(frame, width, label, layer.row.size_bytes, state)
        if min(frame.width, frame.height) >= _SMALL:
            tiles.append(Tile(layer, cell, tuple(_file_cells(layer, frame, width))))
    return Treemap(kind, height, tuple(tiles))


def _file_cells(layer: LayerContents, frame: Area, width: float) -> Sequence[Cell]:
    if frame.height < 2 * _HEAD or frame.width < 2 * _HEAD:
        return ()
    rows = [(f"/{file.path}", file.size, "hidden" if file.is_hidden else "file") for file in layer.files]
    if layer.rest_bytes:
        rows.append((f"{layer.rest_count} smaller files", layer.rest_bytes, "rest"))
        rows.sort(key=lambda row: -row[1])
    places = areas([size for _, size, _ in rows], frame.inside(_EDGE, _HEAD))
    cells = [_cell(place.inside(0.75, 0.75), width, *row) for row, place in zip(rows, places, strict=True)]
    return [cell for cell in cells if cell.height >= _SMALL and cell.width * width / 100 >= _SMALL]


def _cell(area: Area, whole: float, label: str, size: int, state: str) -> Cell:
    has_words = area.width >= 36 and area.height >= 16
    return Cell(
        x=round(area.x / whole * 100, 3),
        y=round(area.y, 1),
        width=round(area.width / whole * 100, 3),
        height=round(area.height, 1),
        label=label,
        size=size,
        state=state,
        has_words=has_words,
        has_size=has_words and area.height >= 34,
    )
