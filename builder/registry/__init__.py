"""The client of the OCI distribution protocol (distribution-spec 1.1): manifests, blobs, tokens, retries.

It knows hosts, repositories, digests and lengths; it knows nothing of the store, of prompts or of displays.

    hosts.py      which URL serves a registry's name, and where plain http is allowed
    transport.py  one request: connection pool, patience (429, 5xx, dropped connections), redirects, error names
    auth.py       challenges and tokens
    client.py     the verbs: manifest, digest of a tag, blob

Decisions (2026-11-24):
- Plain http for loopback only; a redirect never carries credentials to another host and never leaves https.
- A blob is cut off at its descriptor's size, and a manifest at 4 MiB: no answer is endless.
- `Client.blob` counts bytes and resumes, but does not hash: whoever keeps the bytes (the store) hashes them anyway.
- Anonymous tokens only; logins come with `auth.Authorizer` taking credentials, nothing else changes.
"""
