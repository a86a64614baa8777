"""Records that travel: what `--cache-to` writes and `--cache-from` reads.

    options.py       what the two options say
    document.py      records as one JSON document, and back with everything checked
    imported.py      a cache somewhere else, to be asked after those of this machine
    exporter.py      what a build gives to one
    inline.py        the same inside an image's own configuration
    exchange.py      all of them for one build

A cache is an image manifest: its config is the document, its layers are those of the records (and listings: what steps
copied, which a later miss is explained by). So every registry keeps it, garbage collection included, and a folder with
one is an OCI image layout. Nothing is asked of it before a step misses here, and of layers only those are fetched that
somebody reads.

What is trusted: whoever may write to a cache says what steps make, as with every builder's remote cache. Everything
else is checked: a record counts only if its key is the hash of its parts; blobs, and the archives in them, must have
their digests. A cache that fails a build in any way is left out of it with a warning, and the build starts again: at
worst it costs time.

Decisions, 2026-11-24:

- Steps are named without the path of their Buildfile: machines keep sources in different places, and it is nobody's
  business where.
- The digests that COPY --from follows from (of files in layers) travel too, but hold for one build only: so a fresh
  machine decides every step without fetching a layer, and nothing that came from elsewhere is believed later on.
- Tables of contents of the layers that the steps stand on travel, too, where their blobs do not carry them (OCI
  descriptors with a media type of their own; those of up to 4 KiB embedded, larger ones as blobs): so who places
  files on layers that are not here fetches none of them. They are claims (`images/claims.py`): never kept in the store,
  checked as archives are (`layers/claimed.py`), and a cache whose claim turns out to be false is left out. A build that
  had them from one cache passes them on to another.
- A document replaces the one before it. Merging would let caches grow for ever; who wants several names several.
"""
