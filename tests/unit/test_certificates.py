"""RSA signatures: what the usual library signs is signed, and nothing that only looks like it."""

import hashlib
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from chalicelib.adapters.certificates import PREFIXES, PublicKey, key_of

HASHES = {"sha1": SHA1(), "sha256": SHA256()}
DATA = "Message\nTere päivää\n".encode()
LENGTH = 256


def a_certificate(key) -> str:
    """A certificate of a key, signed by itself."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    return made.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


@pytest.fixture(scope="module")
def private():
    """A key whose modulus leaves room above it for larger numbers of the same length."""
    while True:
        key = rsa.generate_private_key(65537, 2048)
        if key.public_key().public_numbers().n >> 2040 < 200:
            return key


@pytest.fixture(scope="module")
def public(private) -> PublicKey:
    return key_of(a_certificate(private))


def sign(private, data: bytes = DATA, digest: str = "sha256") -> bytes:
    return private.sign(data, padding.PKCS1v15(), HASHES[digest])


def power(private, encoded: bytes) -> bytes:
    """What only the owner of a key can make of an encoded message, right or wrong."""
    numbers = private.private_numbers()
    modulus = numbers.public_numbers.n
    return pow(int.from_bytes(encoded), numbers.d, modulus).to_bytes(LENGTH)


def info(digest: str = "sha256") -> bytes:
    return PREFIXES[digest] + hashlib.new(digest, DATA).digest()


def padded(end: bytes, start: bytes = b"\x00\x01") -> bytes:
    return start + b"\xff" * (LENGTH - len(start) - 1 - len(end)) + b"\x00" + end


@pytest.mark.parametrize("bits", [2048, 3072])
def test_a_certificate_gives_its_key(bits):
    private = rsa.generate_private_key(65537, bits)
    numbers = private.public_key().public_numbers()
    assert key_of(a_certificate(private)) == PublicKey(numbers.n, numbers.e)


@pytest.mark.parametrize("digest", HASHES)
def test_what_the_key_signed_is_signed(private, public, digest):
    assert public.signed(DATA, sign(private, digest=digest), digest)
    assert power(private, padded(info(digest))) == sign(private, digest=digest)


def test_the_signature_of_something_else_is_none(private, public):
    signature = sign(private)
    assert not public.signed(DATA + b"\n", signature, "sha256")
    assert not public.signed(DATA, signature, "sha1")
    for place in (0, 100, 255):
        changed = bytearray(signature)
        changed[place] ^= 1
        assert not public.signed(DATA, bytes(changed), "sha256")


def test_the_signature_of_another_key_is_none(public):
    assert not public.signed(DATA, sign(rsa.generate_private_key(65537, 2048)), "sha256")


@pytest.mark.parametrize(
    "encoded",
    [
        (b"\x00\x01" + b"\xff" * 8 + b"\x00" + info()).ljust(LENGTH, b"\x5a"),
        padded(b"\x5a" * 8 + info()),
        padded(info() + b"\x00"),
        padded(info(), b"\x00\x02"),
        padded(info(), b"\x00\x01\xfe"),
        padded(info("sha1")),
        padded(info()[-32:]),
        # RFC 8017, 9.2, note 1: without parameters, which some take too
        padded(b"\x30\x2f\x30\x0b" + info()[4:15] + info()[17:]),
    ],
)
def test_what_is_not_encoded_exactly_so_is_no_signature(private, public, encoded):
    """Forgeries that have passed elsewhere (Bleichenbacher 2006, and those after him)."""
    assert len(encoded) == LENGTH
    assert not public.signed(DATA, power(private, encoded), "sha256")


def test_a_signature_has_one_form(private, public):
    """Neither a larger number of the same remainder nor another length."""
    for number in range(1000):
        data = b"%d" % number
        signature = sign(private, data)
        larger = int.from_bytes(signature) + public.modulus
        if larger < 1 << (8 * LENGTH):
            break
    assert public.signed(data, signature, "sha256")
    assert not public.signed(data, larger.to_bytes(LENGTH), "sha256")
    assert not public.signed(data, b"\x00" + signature, "sha256")
    assert not public.signed(data, b"", "sha256")


def test_a_short_key_is_none():
    with pytest.raises(ValueError, match="short"):
        key_of(a_certificate(rsa.generate_private_key(65537, 1024)))


def test_a_key_of_another_kind_is_none():
    with pytest.raises(ValueError, match="not an RSA key"):
        key_of(a_certificate(ec.generate_private_key(ec.SECP256R1())))


@pytest.mark.parametrize("pem", ["", "<html>", "-----BEGIN CERTIFICATE-----\nAA==\n"])
def test_what_is_no_certificate_has_no_key(pem):
    with pytest.raises(ValueError):
        key_of(pem)


def test_a_certificate_that_is_cut_off_has_no_key(private):
    der = ssl.PEM_cert_to_DER_cert(a_certificate(private))
    for end in range(len(der)):
        with pytest.raises(ValueError):
            key_of(ssl.DER_cert_to_PEM_cert(der[:end]))


def test_numbers_that_would_make_a_weak_key_make_none():
    PublicKey(1 << 2047, 3)
    with pytest.raises(ValueError, match="short"):
        PublicKey((1 << 2047) - 1, 3)
    for exponent in (0, 1, 2):
        with pytest.raises(ValueError, match="exponent"):
            PublicKey(1 << 2047, exponent)
