"""type=tar: the merged files of the image as one archive. The same files give the same bytes, however the layers cut
them. Several platforms are a folder each."""

from __future__ import annotations

from builder.images.index import Built
from builder.layers.pack import pack
from builder.model.layer import Chain
from builder.outputs.destination import open_destination
from builder.outputs.merged import files_of, merged_files
from builder.outputs.types import Means, OutputSpec


class TarOutput:
    def __init__(self, spec: OutputSpec, means: Means) -> None:
        self._spec = spec
        self._means = means

    def write(self, image: Built) -> None:
        with open_destination(self._spec.dest, self._means.stdout_fd) as out, files_of(image, self._means) as items:
            pack(items, out)


def write_files(chain: Chain, dest: str, means: Means) -> None:
    """What a stack of layers shows, as TarOutput writes an image's files."""
    with open_destination(dest, means.stdout_fd) as out, merged_files(chain, means) as items:
        pack(items, out)
