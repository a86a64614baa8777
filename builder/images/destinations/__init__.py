"""Where images can be brought to, blob by blob: a registry, the store, an OCI layout in a folder. One file per kind."""
