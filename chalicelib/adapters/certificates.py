"""RSA signatures by the key of an X.509 certificate, checked with what Python itself has.

The usual library would nearly double the package that every function starts from (4.9 MB beside 6.1),
for this one check. Nothing here is secret, and only what is equal as a whole is taken for equal.
"""

import hashlib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

RSA = bytes.fromhex("06092a864886f70d010101")  # rsaEncryption, RFC 8017, appendix A.1
# DigestInfo up to the digest itself: RFC 8017, 9.2, note 1.
PREFIXES = {
    "sha1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
}
LEAST_BITS = 2048
LEAST_EXPONENT = 3  # whatever is raised to 1 is its own signature


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An RSA key of at least 2048 bits. Raises ValueError where it would be a weaker one."""

    modulus: int
    exponent: int

    def __post_init__(self) -> None:
        if self.modulus.bit_length() < LEAST_BITS:
            raise ValueError("a short key")
        if self.exponent < LEAST_EXPONENT:
            raise ValueError("no exponent")

    def signed(self, data: bytes, signature: bytes, digest: str) -> bool:
        """Whether this is the key's signature (RSASSA-PKCS1-v1_5, RFC 8017, 8.2.2) of the data.

        What was signed is made anew and compared whole: nothing in a signature is interpreted, which
        is where forgeries have found their room.
        """
        length = (self.modulus.bit_length() + 7) // 8
        number = int.from_bytes(signature)
        if len(signature) != length or number >= self.modulus:
            return False
        found = pow(number, self.exponent, self.modulus).to_bytes(length)
        return found == _encoded(data, digest, length)


def key_of(pem: str) -> PublicKey:
    """The key of a certificate (RFC 5280, 4.1; v3). Raises ValueError where there is none that will do."""
    try:
        return _key(ssl.PEM_cert_to_DER_cert(pem))
    except IndexError as error:
        raise ValueError("cut off") from error


def _encoded(data: bytes, digest: str, length: int) -> bytes:
    """EMSA-PKCS1-v1_5: RFC 8017, 9.2."""
    info = PREFIXES[digest] + hashlib.new(digest, data).digest()
    return b"\x00\x01" + b"\xff" * (length - len(info) - 3) + b"\x00" + info


def _key(der: bytes) -> PublicKey:
    (certificate,) = _items(der)
    body, *_ = _items(certificate)
    _version, _serial, _signature, _issuer, _validity, _subject, info, *_ = _items(body)
    algorithm, bits = _items(info)
    if not algorithm.startswith(RSA):
        raise ValueError("not an RSA key")
    (numbers,) = _items(bits[1:])  # a bit string begins with how many bits at its end are none
    modulus, exponent = _items(numbers)
    return PublicKey(int.from_bytes(modulus), int.from_bytes(exponent))


def _items(der: bytes) -> Iterator[bytes]:
    """The contents of what stands side by side in DER (X.690, 8.1 and 10.1)."""
    while der:
        start, length = 2, der[1]
        if length >= 0x80:  # then it is the number of bytes that the length has
            start += length - 0x80
            length = int.from_bytes(der[2:start])
        if len(der) < start + length:
            raise ValueError("cut off")
        yield der[start : start + length]
        der = der[start + length :]
