"""Where a finished image goes; one file per destination behind one Protocol (`types.py`). Nothing here alters an image.

    spec.py         `type=oci,dest=app.tar` to an OutputSpec
    store.py        names in the store (-t)
    registry.py     the registries of the image's names (--push)
    oci.py          an OCI layout, as a tar archive or a directory
    docker.py       an archive that docker load and podman load take
    local.py tar.py the merged files of the image, in a directory or as one archive
    nothing.py      steps and cache only
    reshape.py      the image with other compression or media types, before it is written
    annotations.py  --annotation
    platforms.py    one image, or an index of several platforms
    metadata.py     --iidfile and --metadata-file
    save.py         images of the store to one archive: `pybuild save`
    copy.py         from any place to any other: `pybuild copy`

Decisions (2026-11-24):
- `type=docker` is the OCI layout plus `manifest.json`, as docker save has written it since version 25: old loaders read
  the one, new ones the other, and layers stay as compressed as they are in the store.
- An archive goes to a file beside its destination and is renamed: a destination is whole or untouched.
- Layers are gzip in the store; another compression is made for the output that asks, from the layers as they are, so
  that cache and images do not depend on what earlier builds wrote. What was compressed once is found again.
- `rewrite-timestamp=true` is how every image with SOURCE_DATE_EPOCH is made (promise 4), `false` is refused.
- Keys of buildx's outputs that we do not have (unpack, store, …) are refused by name, never ignored.
- Outputs that need layers' bytes fetch them (`images.fetch`); an image in the store is always whole.
"""
