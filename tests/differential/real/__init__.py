"""Dockerfiles that other people wrote, built by pybuild and by BuildKit and compared file by file and in config.

    python -m tests.differential.real [NAME ...] [--corpus DIR] [--base NAME=LAYOUT ...] [--keep DIR] [--write FILE]

list.json says which: repository, commit, path and digest; their text is not ours and stays out of this repository. It
is taken from `DIR/OWNER+NAME/PATH` or fetched from GitHub, and refused where its digest is another.

A base is an OCI layout. `--base debian=LAYOUT` stands for Debian's image under whatever tag a file names, so that a
file for an older or newer release may find other packages; both builders see the same ones (`skopeo copy
docker://debian:bookworm oci:LAYOUT:latest` makes one). The network is asked for packages only.

The contexts are made up (`context.py`): what COPY and ADD name is generated from the name alone, with what list.json
adds where a file has to be more than that. results.md has the last table.

Decisions (2026-11-24):
- Some programs write the time into what they make (`VOLATILE`): there kind, mode and owner are compared, not content.
- `# syntax=` is taken out: it would have BuildKit fetch another version of itself.
- A file that both refuse agrees: that counts as little as it says.
- BuildKit has to be there: results of packages of a day are worth no recording.
"""
