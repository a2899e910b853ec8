"""What stands at an address of somebody else's, with bounds on how long and how much of it.

The standard library's client does what is wanted of one: it follows no redirection, knows no proxy, and
believes a server only by its certificate.
"""

import logging
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from chalicelib.domain.errors import Unavailable

log = logging.getLogger(__name__)
SECONDS = 5  # to connect, and for each wait after that
MOST_BYTES = 65_536


def fetched(
    url: str, body: str | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    """The status and at most MOST_BYTES of the answer to a GET, or to a POST where there is a body.

    Raises Unavailable where there is no answer, or nothing that can be asked.
    """
    address = urlsplit(url)
    kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
    connection = kind(address.netloc, timeout=SECONDS)
    method = "GET" if body is None else "POST"
    target = address.path + (f"?{address.query}" if address.query else "")
    try:
        connection.request(method, target, body, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read(MOST_BYTES)
    except (OSError, HTTPException, ValueError) as error:
        said = {"host": address.hostname, "error": type(error).__name__}
        log.warning("nothing was fetched", extra=said)
        raise Unavailable from error
    finally:
        connection.close()
