"""type=tar: the merged files of the image as one archive. The same files give the same bytes, however the layers cut
them."""

from __future__ import annotations

from builder.images.stored import Image
from builder.layers.pack import pack
from builder.outputs.destination import open_destination
from builder.outputs.merged import merged_files
from builder.outputs.types import Means, OutputSpec


class TarOutput:
    def __init__(self, spec: OutputSpec, means: Means) -> None:
        self._spec = spec
        self._means = means

    def write(self, image: Image) -> None:
        with open_destination(self._spec.dest, self._means.stdout_fd) as out, merged_files(image, self._means) as items:
            pack(items, out)
