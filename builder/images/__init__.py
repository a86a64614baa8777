"""Use cases on images: find one wherever it is, have its layers here, make one, and the small commands on them.

    resolve.py    a name to an image: the store, a layout or archive on disk, a registry
    sources/      where blobs come from; one file per kind
    origins.py    which sources have the blobs that we have not fetched (yet)
    destinations/ where blobs are brought to; one file per kind
    stream.py     a blob's bytes on their way: verified, read ahead
    transfer.py   a whole image or index from a source to a destination; parallel.py: several blobs at a time
    push.py pull.py   between the store and registries; remote.py: what a registry has, without pulling
    fetch.py      a layer's blob in the store; report.py: for people to watch
    unpack.py     a layer's table of contents, and its snapshot; contents.py: the bytes of single files
    claims.py     what somebody says of layers that are not here, where files are only placed on them
    keep.py       a tar stream to a layer; docker_archive.py: what docker save wrote, to an image
    assemble.py   layers and a config to an image in the store
    stored.py     reading images of the store; find.py: by name or id, as people type them
    list.py filters.py inspect.py history.py tag.py remove.py import_.py load.py mount.py   the commands' work
    difference.py compare.py       what two images differ in
    rollback.py rewind.py          an earlier step as the image again, with the configuration of then
    rebase.py clash.py merge.py    own layers on another base: where they clash, what the configuration becomes
    uses.py       who needs an image besides its names

Decisions (2026-11-24):
- **Layers stay where they are until somebody reads them.** Resolving writes documents (index, manifest, config) only.
  Which source has a layer is remembered in the store (`ROOT/sources`), by blob, so that nobody has to pass it along
  from FROM to the step that reads it.
- **A name in `index.json` means a whole image.** A base that was only looked up has no name there; the lookup is
  remembered under `ROOT/sources` instead, so that the next build works without the registry.
- Docker's media types become OCI's as an image is read: the bytes of a layer are the same under both, and what is
  built upon it is an OCI image.
- An archive of `docker save` is converted as it is read: it has no manifest of its own that could be kept.
"""
