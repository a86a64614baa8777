"""One file for each kind of step: run, copy (and add), workdir. Each takes plain inputs and yields a layer.

COPY, ADD and WORKDIR are computed on tables of contents and written straight into the layer's archive: they mount
nothing, unpack nothing and need no rights. Only RUN needs the sandbox.
"""
