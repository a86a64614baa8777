"""The client of the OCI distribution protocol (distribution-spec 1.1): manifests, blobs, tokens, uploads, retries.

It knows hosts, repositories, digests and lengths; it knows nothing of the store, of prompts or of displays.

    access.py       from a registry's name to its client, with the settings and logins that concern it; mirrors
    hosts.py        which URLs may serve a registry's name, in what order they are tried
    certificates.py docker's folders of authorities and client certificates, by host
    transport.py    one request: patience (429, 5xx, dropped connections), redirects, error names
    waits.py        who should know that we wait
    challenges.py   what a 401 asks for
    auth.py         tokens and basic authentication
    logins/         docker's config.json and credential helpers
    session.py      authorised requests to one registry
    client.py       the verbs: manifests, blobs, and by way of
    upload.py       a blob's way to a registry: mount, upload, resume
    listing.py      tags and repositories, page by page
    links.py        the Link header, which leads to the next page
    referrers.py    who refers to a manifest; the list of them where the registry keeps none
    refusals.py     the error for a status that is no success
    server/         the other side: a registry to serve

Decisions (2026-11-24):
- Plain http for loopback and for hosts that the user lists; a redirect never carries credentials to another place and
  never leaves https.
- A blob is cut off at its descriptor's size, and a manifest at 4 MiB: no answer is endless.
- `Client.blob` counts bytes and resumes, but does not hash: whoever keeps the bytes (the store) hashes them anyway.
- **A login goes to the registry, or to a token server of the same owner** (`auth.py`): where a challenge points
  elsewhere no password is sent, unless the configuration names that server. A challenge is listened to only when the
  registry itself makes it, never one of a host that it redirected to.
- **One request carries a large blob** (PATCH, then an empty PUT), as docker and skopeo do it, since that is what every
  registry is tried with; pieces are for registries that refuse it (413) and for what is left after a broken connection.
  Small blobs go with the PUT that ends the upload.
"""
