"""Where images can be brought to, blob by blob: a registry, the store. One file per kind; an OCI layout in a folder is
one of `outputs`."""
