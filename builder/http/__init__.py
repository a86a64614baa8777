"""HTTP as every client of this program speaks it: to web servers (`context`) and to registries (`registry`).

    patience.py     how long, how often, and how slow
    places.py       what a URL says of where it leads: this machine, the same place
    failures.py     what can go wrong, by kind; the rooms above give it their own words
    steady.py       connections on which a peer that dribbles bytes is given up
    proxies.py      those of the environment
    connections.py  one request on a pooled connection: TLS, proxies, no redirects, no retries

Decision, 2026-11-24: redirects and retries stay with the rooms above, since what may follow a redirect (a token for a
host, a secret for a URL) and what may be sent again (a download, half an upload) differ.
"""
