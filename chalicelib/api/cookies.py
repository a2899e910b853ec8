"""Cookies (RFC 6265bis): named so that a browser holds them to this host, and to HTTPS.

On a plain HTTP address of this machine, where there is no HTTPS to hold them to, they have no prefix
and no Secure; nothing else of them differs.
"""

from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from chalicelib.domain.catalog import Site
from chalicelib.domain.logins import LIFE, LONGEST

SESSION, LOGIN = "session", "login"
PREFIX = "__Host-"
AGES = {SESSION: int(LONGEST.total_seconds()), LOGIN: int(LIFE.total_seconds())}
LOCAL = ("localhost", "127.0.0.1", "::1")


def secure(site: Site) -> bool:
    """Whether the site is reached by HTTPS: everywhere but on a local address that says otherwise."""
    address = urlsplit(site.base_url)
    host = address.hostname or ""
    return address.scheme != "http" or not (host in LOCAL or host.endswith(".localhost"))


def name_of(name: str, site: Site) -> str:
    """What a cookie is called on a site."""
    return f"{PREFIX}{name}" if secure(site) else name


def read(header: str | None, name: str, site: Site) -> str:
    """The value of a cookie, or "". What else a browser sends is left alone."""
    if not header or name not in header:
        return ""
    found: SimpleCookie = SimpleCookie()
    try:
        found.load(header)
    except CookieError:
        return ""
    morsel = found.get(name_of(name, site))
    return morsel.value if morsel else ""


def written(name: str, value: str, site: Site) -> str:
    """The header that sets a cookie; with "" it is taken away."""
    age = AGES[name] if value else 0
    rest = "; Secure" if secure(site) else ""
    return f"{name_of(name, site)}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{rest}"
