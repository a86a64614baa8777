"""Layers: directories to tar archives and back, their tables of contents, and the merged view of a stack.

    scan -> pack -> writer -> a blob          (an overlay's upper directory, or any sorted items, to a layer)
    compress -> members -> placing -> apply   (a layer's blob to a directory in overlay form)
                                   -> archive (a user's tar to items, for ADD)
    table, tree                               (what a layer holds, what a stack shows, without unpacking)
    claimed                                   (a table that travels without its layer)
    tail                                      (a table behind the archive in its blob)
    paths                                     (opening files inside untrusted directories)

What holds for all: bytes depend on entries and content only (DESIGN, promise 4); nothing outside of the given
directory is touched whatever an archive says (promise 7); memory does not grow with content.
"""
