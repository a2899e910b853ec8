"""Believing SNS: what came to a function is taken only where SNS signed it, for our own topic.

Who may call a function is a policy's to say, and a policy is easily made too wide; a signature tells who
spoke whoever called. Its age says nothing: SNS repeats for weeks what it could not deliver, and what
it says may come twice, since receiving it twice changes nothing.
"""

import base64
import logging
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from chalicelib.adapters import fetching
from chalicelib.adapters.certificates import PublicKey, key_of
from chalicelib.domain.errors import Forbidden, Unavailable

log = logging.getLogger(__name__)
# What a notification's signature covers, in its order: "Verifying the signatures of Amazon SNS messages".
SIGNED = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
OPTIONAL = "Subject"  # Lambda's events have it as null where there is none
DIGESTS = {"1": "sha1", "2": "sha256"}
CERTIFICATES = 4  # more than are in use at a time


def verified(notification: Mapping[str, Any], topic: str, endpoint_url: str | None) -> str:
    """The message of a notification, `Records[].Sns` of Lambda's event, that SNS signed for a topic.

    `topic` is an ARN; with "" nothing is taken. `endpoint_url` is where AWS is, if it is elsewhere.
    Raises Forbidden for whatever else it is, Unavailable where the certificate could not be had.
    """
    if not topic or notification.get("TopicArn") != topic:
        raise _refused("topic")
    if notification.get("Type") != "Notification":
        raise _refused("type")
    digest = DIGESTS.get(str(notification.get("SignatureVersion")))
    if digest is None:
        raise _refused("version")
    url = notification.get("SigningCertUrl") or notification.get("SigningCertURL")
    if not _is_address_of_sns(url, topic, endpoint_url):
        raise _refused("certificate address")
    data, signature = _signed_text(notification), _signature(notification)
    if not _key_at(str(url)).signed(data, signature, digest):
        raise _refused("signature")
    return str(notification["Message"])


def _refused(why: str) -> Forbidden:
    """The refusal, told to the log in our own words: what was sent may be anybody's."""
    log.error("not what SNS says to us", extra={"why": why})
    return Forbidden(why)


def _is_address_of_sns(url: Any, topic: str, endpoint_url: str | None) -> bool:
    """Whether a certificate stands where the SNS of a topic's region keeps its own.

    A whole address is compared with the only one that will do, as AWS's own library for Java does.
    A pattern for regions would take in sns.s3-eu-north-1.amazonaws.com, a bucket by the name of sns.
    """
    _, partition, _, region, *_ = topic.split(":")
    end = ".cn" if partition == "aws-cn" else ""
    place = endpoint_url or f"https://sns.{region}.amazonaws.com{end}"
    pattern = re.escape(place.rstrip("/")) + r"/[A-Za-z0-9-]+\.pem"
    return isinstance(url, str) and re.fullmatch(pattern, url) is not None


def _signed_text(notification: Mapping[str, Any]) -> bytes:
    """The text that SNS signs: a line for each name and one for each value."""
    lines = []
    for name in SIGNED:
        value = notification.get(name)
        if value is None and name == OPTIONAL:
            continue
        if not isinstance(value, str):
            raise _refused("fields")
        lines += [name, value]
    return "".join(f"{line}\n" for line in lines).encode(errors="surrogatepass")


def _signature(notification: Mapping[str, Any]) -> bytes:
    try:
        return base64.b64decode(notification.get("Signature", ""), validate=True)
    except (TypeError, ValueError) as error:
        raise _refused("signature") from error


@lru_cache(CERTIFICATES)
def _key_at(url: str) -> PublicKey:
    """The key of the certificate at an address, fetched once.

    The address, over TLS, is what makes it SNS's; so its issuer and dates are not looked at.
    """
    try:
        return key_of(_fetched(url))
    except ValueError as error:
        raise _refused("certificate") from error


def _fetched(url: str) -> str:
    status, body = fetching.fetched(url)
    if status != 200:
        raise Unavailable
    return body.decode()
