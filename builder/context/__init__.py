"""Where COPY and ADD get bytes: the build context behind its ignore file, and what a source path in an instruction
means.

    ignore + patterns   which paths of a folder exist for the build (Docker's rules on top of pathspec)
    match               Go's filepath.Match, which wildcards in COPY mean
    filetree            the Protocol that a context and a stack of layers have in common
    folder + statindex  a folder as such a tree; content digests remembered by stat (hashing: where they come from)
    origin              what CONTEXT and --build-context mean: folder, archive, URL, image, standard input
    opened              the contexts of one build, each opened when it is first asked for
    inputs              the contexts that are no folder, and the Buildfile in them
    listed              an archive, or a download, as such a tree: read where it lies, not unpacked
    unread              a folder whose large files are left to be read by who copies them
    stack               a stack of layers as such a tree
    select              sources of COPY to the entries that are copied
    listing, compare    those entries as text: a digest for the cache key, and the words for what changed

2026-11-24: decisions of this room.

- An ignore file is translated once: the translated rules are kept in the stat index under the digest of the text,
  because importing pathspec costs 25 ms and a no-op rebuild has 50.
- The ignore rules follow BuildKit's context transfer, which carries each pattern's result from a directory to what is
  in it, and not patternmatcher's stateless function: the two differ in rare lists (`a/b`, then `!a`), and the transfer
  decides what a build really sees.
- A file's digest is trusted by (size, mtime, ctime, inode, mode) if both times lay two seconds before the moment it was
  read: then no later change can leave all of them as they were.
- Symlinks are followed as the kernel does, component by component, never by joining text.
- A malformed line of an ignore file is an error even if no path would ever reach it.
- A hard link is one only within a copied source; a lone member of a group is an ordinary file.
"""
