#!/bin/sh
# Makes base.tar: a small Debian from Debian's own mirrors, for machines that cannot or should not pull one.
#
#   ./make-base.sh [FILE]                            root, or any user with subordinate ids
#   pybuild import base.tar localhost/debian:bookworm
#
# Needs mmdebstrap. SUITE chooses the release (bookworm), MIRROR a mirror instead of Debian's own list with its
# security updates. File times are clamped, so the same packages give the same bytes.
set -eu
target=${1:-"$(dirname "$0")/base.tar"}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-0}
export SOURCE_DATE_EPOCH
command -v mmdebstrap > /dev/null || { echo "make-base: mmdebstrap is not installed (apt-get install mmdebstrap)" >&2; exit 1; }
# Manuals and translations are of no use in a container. Licences stay.
mmdebstrap --quiet --variant=minbase --include=ca-certificates \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    "${SUITE:-bookworm}" "$target.unfinished.tar" ${MIRROR:+"$MIRROR"}
mv "$target.unfinished.tar" "$target"
