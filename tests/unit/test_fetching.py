"""What is fetched from others' servers: once, from where it was asked of, not for long, and not too much."""

import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chalicelib.adapters import fetching
from chalicelib.adapters.fetching import MOST_BYTES, fetched
from chalicelib.domain.errors import Unavailable
from tests.unit.serving import a_server


def test_what_stands_at_an_address_is_fetched():
    asked = []
    with a_server({"/a?b=c%20d&e": (404, {}, b"not there")}, asked=asked) as address:
        assert fetched(f"{address}/a?b=c%20d&e", headers={"Accept": "a/b"}) == (404, b"not there")
    ((method, path, headers, body),) = asked
    assert (method, path, headers["Accept"], body) == ("GET", "/a?b=c%20d&e", "a/b", b"")


def test_what_has_a_body_is_posted():
    asked = []
    with a_server({"/token": (200, {}, b"{}")}, asked=asked) as address:
        assert fetched(f"{address}/token", "a=b", {"X-Y": "z"}) == (200, b"{}")
    ((method, _, headers, body),) = asked
    assert (method, headers["X-Y"], body) == ("POST", "z", b"a=b")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirection_is_not_followed(status):
    asked = []
    with a_server({"/": (200, {}, b"evil")}, asked=asked) as evil:
        moved = {"/": (status, {"Location": f"{evil}/"}, b"moved")}
        with a_server(moved) as address:
            assert fetched(f"{address}/", "code=secret") == (status, b"moved")
    assert asked == []


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch):
    asked = []
    with a_server({}, asked=asked) as proxy, a_server({"/": (200, {}, b"yes")}) as address:
        monkeypatch.setenv("http_proxy", proxy)
        assert fetched(f"{address}/") == (200, b"yes")
    assert asked == []


def test_an_answer_has_an_end():
    with a_server({"/": (200, {}, b"a" * (MOST_BYTES + 1))}) as address:
        assert fetched(f"{address}/") == (200, b"a" * MOST_BYTES)


def test_who_says_nothing_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(fetching, "SECONDS", 0.2)
    begun = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Unavailable):
        fetched(f"http://127.0.0.1:{silent.getsockname()[1]}/")
    assert time.monotonic() - begun < 5


def test_nobody_there_is_no_answer(caplog):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        address = f"http://127.0.0.1:{gone.getsockname()[1]}/?a=secret"
    with pytest.raises(Unavailable):
        fetched(address, "code=secret")
    (line,) = caplog.records
    assert (line.host, line.error) == ("127.0.0.1", "ConnectionRefusedError")
    assert "secret" not in f"{line.getMessage()} {line.__dict__}"


@pytest.mark.parametrize(
    ("address", "trusted", "answered"),
    [("127.0.0.1", True, True), ("127.0.0.1", False, False), ("127.0.0.2", True, False)],
)
def test_a_server_has_to_prove_who_it_is(tmp_path, monkeypatch, address, trusted, answered):
    """By a certificate that somebody vouches for, of its own address; what is sent is sent to no other."""
    context, file = a_tls_server(tmp_path, address)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
    asked = []
    with a_server({"/": (200, {}, b"yes")}, context, asked) as server:
        if answered:
            assert fetched(f"{server}/", "code=secret") == (200, b"yes")
        else:
            with pytest.raises(Unavailable):
                fetched(f"{server}/", "code=secret")
    assert bool(asked) == answered


def a_tls_server(folder: Path, address: str) -> tuple[ssl.SSLContext, Path]:
    """A server's side of TLS with a certificate of an address, and the file that has both its keys."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "server")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
    certificate = made.add_extension(names, critical=False).sign(key, SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / "server.pem"
    file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, file


@pytest.mark.parametrize("header", ["a\r\nX-Evil: b", "\u20ac", "\ud800"])
def test_what_is_no_header_is_not_sent(header):
    asked = []
    with a_server({"/": (200, {}, b"")}, asked=asked) as address, pytest.raises(Unavailable):
        fetched(f"{address}/", headers={"Authorization": header})
    assert asked == []


def test_an_answer_in_another_language_is_none():
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"220 mail.example ESMTP\r\n")

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(Unavailable):
            fetched(f"http://127.0.0.1:{listener.getsockname()[1]}/")
