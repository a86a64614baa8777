"""pybuild registry serve"""

from __future__ import annotations

import argparse
import json
import sys

from builder.errors import UsageError

HELP = "Serve a private registry from a folder."
EXAMPLES = """\
  pybuild registry serve --addr 127.0.0.1:5000 --root /srv/registry
  pybuild registry serve --addr :443 --root /srv/registry --htpasswd users --tls-cert cert.pem --tls-key key.pem
  pybuild registry serve --root /srv/registry --read-only --format json -q

The folder is a store like pybuild's own; several servers may share it. The address is printed when the server is
ready; each request is a line on stderr. SIGTERM and Ctrl-C end it, SIGHUP reads the certificate again."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--addr", default="127.0.0.1:5000", metavar="HOST:PORT", help="where to listen (127.0.0.1:5000); port 0: any"
    )
    parser.add_argument("--htpasswd", metavar="FILE", help="users and bcrypt hashes (htpasswd -nbB USER PASSWORD)")
    parser.add_argument("--tls-cert", metavar="FILE", help="certificate and chain, PEM: serve https")
    parser.add_argument("--tls-key", metavar="FILE", help="the certificate's private key, PEM")
    parser.add_argument("--read-only", action="store_true", help="refuse pushes and deletions")
    parser.add_argument("--max-blob-size", default="100g", metavar="SIZE", help="refuse larger blobs (100g)")
    parser.add_argument("--format", choices=("plain", "json"), default="plain", help="form of the log on stderr")
    parser.add_argument("-q", "--quiet", action="store_true", help="log only what is a fault of the registry")


def run(args: argparse.Namespace) -> int:
    from builder.model.size import parse_size
    from builder.registry.server.dispatch import Policy
    from builder.registry.server.log import Log
    from builder.registry.server.serve import Options, parse_address, serve

    if not args.root:
        raise UsageError("no-root", "which folder is to be served?", hint="say --root DIR, one for the registry alone")
    if bool(args.tls_cert) != bool(args.tls_key):
        raise UsageError("usage", "--tls-cert and --tls-key are given together")
    largest = parse_size(args.max_blob_size)
    if not largest:
        raise UsageError("bad-size", f"not a size: {args.max_blob_size!r}", hint="e.g. --max-blob-size 10g")
    certificate = (args.tls_cert, args.tls_key) if args.tls_cert else None
    address = parse_address(args.addr)
    log = Log(sys.stderr, args.format, args.quiet)
    options = Options(args.root, address, Policy(args.read_only, largest), args.htpasswd, certificate)
    if not args.htpasswd and not args.read_only and not address.is_loopback:
        log.event("whoever can reach this address can push and delete: consider --htpasswd")

    def ready(url: str) -> None:
        print(json.dumps({"url": url}) if args.format == "json" else url, flush=True)

    serve(options, log, ready)
    return 0
