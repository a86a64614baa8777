#!/usr/bin/env bash
# The official conformance suite of the OCI distribution-spec against `pybuild registry serve`.
#
#   tests/registry/conformance.sh CHECKOUT
#
# CHECKOUT has github.com/opencontainers/distribution-spec: v1.1.1, or main, where the suite was written anew. Building it
# needs Go and its modules, so this is not one of the tests; each endpoint has its own in tests/registry/server.
# Seen on 2026-11-24: v1.1.1 75 of 75 that apply (4 describe other registries), main (967efdc) 986 of 986.
set -euo pipefail
suite=$(realpath "$1")/conformance
here=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
work=$(mktemp --directory)
PYTHONPATH=$here python -m builder registry serve -q --addr 127.0.0.1:0 --root "$work/root" > "$work/url" &
server=$!
trap 'kill $server; wait $server; rm -r "$work"' EXIT
until [[ -s $work/url ]]; do kill -0 $server; sleep 0.1; done
url=$(< "$work/url")

cd "$suite"
if [[ -e main.go ]]; then
    go build -o "$work/conformance" .
    export OCI_REGISTRY=${url#*://} OCI_TLS=disabled OCI_RESULTS_DIR=$work/results
    export OCI_API_BLOBS_UPLOAD_CANCEL=true OCI_API_MANIFESTS_TAG_PARAM=true
    export OCI_API_BLOBS_DIGEST_HEADER=true OCI_API_MANIFESTS_DIGEST_HEADER=true
    for version in 1.1 dev; do OCI_VERSION=$version "$work/conformance"; done
else
    go test -c -o "$work/conformance"
    export OCI_ROOT_URL=$url OCI_NAMESPACE=conformance/one OCI_CROSSMOUNT_NAMESPACE=conformance/two OCI_REPORT_DIR=none
    export OCI_TEST_PULL=1 OCI_TEST_PUSH=1 OCI_TEST_CONTENT_DISCOVERY=1 OCI_TEST_CONTENT_MANAGEMENT=1
    export OCI_AUTOMATIC_CROSSMOUNT=1 # blobs are mounted from wherever they are
    for first in 0 1; do OCI_DELETE_MANIFEST_BEFORE_BLOBS=$first "$work/conformance"; done
fi
