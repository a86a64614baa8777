"""One file for each kind of step: run, copy (and add), workdir. Each takes plain inputs and yields a layer.

COPY, ADD and WORKDIR are computed on tables of contents and written straight into the layer's archive: they mount
nothing, unpack nothing and need no rights. Only RUN needs the sandbox.

2026-11-24: a COPY whose large file is new on this machine is carried out before it is looked up (`Copies.is_new`, the
solver's `run_new_first`): one pass takes the digest for its key and packs its layer, which also makes sure that the key
is of the very bytes in the layer. 1 GiB takes 2.0 s instead of 2.5 so.
"""
