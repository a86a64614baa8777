"""The proxies that the environment names: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, and NO_PROXY for what goes without."""

from __future__ import annotations

import ipaddress
import urllib.request
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.exceptions import LocationParseError, ProxySchemeUnknown
from urllib3.util import make_headers, parse_url

from builder.errors import UsageError
from builder.http.places import is_loopback

PROXY_HINT = "HTTP_PROXY, HTTPS_PROXY and NO_PROXY say which hosts go through which http://[NAME:PASSWORD@]HOST:PORT"


def proxy_for(url: str) -> str:
    """The proxy for `url`; this machine is always spoken to directly. `PROXY:3128` is one that speaks http, as curl and
    docker have it."""
    parts = urlsplit(url)
    if is_loopback(parts.hostname or ""):
        return ""
    proxies = urllib.request.getproxies_environment()
    netloc = parts.netloc.rpartition("@")[2]
    if urllib.request.proxy_bypass(netloc) or _is_listed(parts.hostname or "", proxies.get("no", "")):
        return ""
    proxy = proxies.get(parts.scheme) or proxies.get("all", "")
    return proxy if "://" in proxy or not proxy else f"http://{proxy}"


def through(proxy: str) -> urllib3.ProxyManager:
    """Raises UsageError `bad-proxy`."""
    shown = f"the proxy that the environment names, {shown_proxy(proxy)},"
    try:
        auth = parse_url(proxy).auth
        headers = make_headers(proxy_basic_auth=unquote(auth)) if auth else None
        return urllib3.ProxyManager(proxy, proxy_headers=headers)
    except ProxySchemeUnknown as error:
        hint = "HTTP_PROXY, HTTPS_PROXY and ALL_PROXY take http://HOST:PORT; other kinds (socks) are not known"
        raise UsageError("bad-proxy", f"{shown} is none that speaks http", hint=hint) from error
    except (LocationParseError, UnicodeError) as error:
        raise UsageError("bad-proxy", f"{shown} is no address", hint="write it like http://HOST:PORT") from error


def shown_proxy(proxy: str) -> str:
    """For messages: without the password that may stand in it."""
    return proxy.rpartition("@")[2].removeprefix("http://").removeprefix("https://").rstrip("/")[:100]


def _is_listed(host: str, no_proxy: str) -> bool:
    """Whether NO_PROXY has a network with this address, `10.0.0.0/8`, as Go's programs read it."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    for item in no_proxy.split(","):
        try:
            if address in ipaddress.ip_network(item.strip(), strict=False):
                return True
        except ValueError:
            continue
    return False
