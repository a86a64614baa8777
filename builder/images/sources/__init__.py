"""Where the blobs of images come from besides the store: a registry, an OCI layout, an archive. One file per kind."""
