"""L-07: what SNS says is taken where SNS signed it for our topic, and nothing else is."""

import base64
import json
import socket
import ssl
import threading
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app import mail_events
from chalicelib import bootstrap
from chalicelib.adapters import fetching, sns
from chalicelib.api.problems import presented
from chalicelib.domain.catalog import Catalog
from chalicelib.domain.errors import Forbidden, Unavailable
from chalicelib.domain.messages import Kind, State
from tests.unit.mailing import office
from tests.unit.serving import a_server
from tests.unit.test_certificates import a_certificate

TOPIC = "arn:aws:sns:eu-north-1:123456789012:labivaraus-mail-events"
HOME = "https://sns.eu-north-1.amazonaws.com"
PATH = "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
HASHES = {"1": SHA1(), "2": SHA256()}
PLAIN = {
    "Type": "Notification",
    "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
    "TopicArn": TOPIC,
    "Subject": None,
    "Message": '{"eventType": "Send",\n "where": "Töölö"}',
    "Timestamp": "2026-12-01T07:00:00.000Z",
    "SignatureVersion": "2",
    "SigningCertUrl": HOME + PATH,
    "UnsubscribeUrl": f"{HOME}/?Action=Unsubscribe",
    "MessageAttributes": {},
}


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def sign(key):
    """Makes a notification as SNS would; its fields are the defaults and what is named."""

    def make(**changes):
        made = PLAIN | changes
        names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
        text = "".join(f"{name}\n{made[name]}\n" for name in names if made.get(name) is not None)
        chosen = HASHES[made["SignatureVersion"]]
        signature = key.sign(text.encode(), padding.PKCS1v15(), chosen)
        return made | {"Signature": base64.b64encode(signature).decode()}

    return make


@pytest.fixture(autouse=True)
def fetched(key, monkeypatch) -> list[str]:
    """The addresses that were asked for a certificate; every one of them has a good one."""
    asked: list[str] = []
    certificate = a_certificate(key)

    def fetch(url: str) -> str:
        asked.append(url)
        return certificate

    sns._key_at.cache_clear()
    monkeypatch.setattr(sns, "_fetched", fetch)
    return asked


def verified(notification, topic: str = TOPIC, endpoint_url: str | None = None) -> str:
    return sns.verified(notification, topic, endpoint_url)


def refused(notification, topic: str = TOPIC, endpoint_url: str | None = None) -> str:
    with pytest.raises(Forbidden) as caught:
        sns.verified(notification, topic, endpoint_url)
    return caught.value.why


def without(notification, *names: str):
    return {name: value for name, value in notification.items() if name not in names}


# What SNS signed


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", [None, "Amazon SES Email Event Notification", ""])
def test_what_sns_signed_is_taken(sign, version, subject):
    said = sign(SignatureVersion=version, Subject=subject)
    assert verified(said) == PLAIN["Message"]


def test_no_subject_is_as_good_as_none(sign):
    assert verified(without(sign(), "Subject"))


def test_the_address_may_be_spelt_as_over_http(sign):
    said = without(sign(), "SigningCertUrl") | {"SigningCertURL": HOME + PATH}
    assert verified(said)


def test_in_china_the_domain_is_another(sign):
    topic = "arn:aws-cn:sns:cn-north-1:123456789012:t"
    there = f"https://sns.cn-north-1.amazonaws.com.cn{PATH}"
    assert verified(sign(TopicArn=topic, SigningCertUrl=there), topic)
    here = there.removesuffix(f".cn{PATH}") + PATH
    assert refused(sign(TopicArn=topic, SigningCertUrl=here), topic) == "certificate address"


def test_what_is_old_is_taken(sign):
    assert verified(sign(Timestamp="2020-01-01T00:00:00.000Z"))


def test_a_certificate_is_fetched_once(sign, fetched):
    for number in range(3):
        verified(sign(MessageId=str(number)))
    assert fetched == [HOME + PATH]


# What it did not


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("name", ["Message", "MessageId", "Subject", "Timestamp"])
def test_what_was_changed_on_the_way_is_refused(sign, version, name):
    said = sign(SignatureVersion=version, Subject="Hei")
    assert refused(said | {name: said[name] + " "}) == "signature"


def test_a_subject_cannot_be_added_or_taken_away(sign):
    assert refused(sign() | {"Subject": "Hei"}) == "signature"
    assert refused(sign(Subject="Hei") | {"Subject": None}) == "signature"


def test_a_topic_or_type_that_was_changed_to_ours_is_refused(sign):
    assert refused(sign(TopicArn=TOPIC + "2") | {"TopicArn": TOPIC}) == "signature"
    assert refused(sign(Type="Other") | {"Type": "Notification"}) == "signature"


def test_the_signature_of_somebody_else_is_refused(sign):
    other = rsa.generate_private_key(65537, 2048)
    forged = base64.b64encode(other.sign(b"", padding.PKCS1v15(), SHA256())).decode()
    assert refused(sign() | {"Signature": forged}) == "signature"


def test_a_version_belongs_to_its_digest(sign):
    assert refused(sign(SignatureVersion="1") | {"SignatureVersion": "2"}) == "signature"
    assert refused(sign(SignatureVersion="2") | {"SignatureVersion": "1"}) == "signature"


@pytest.mark.parametrize("version", [None, "", "0", "3", "sha256", ["2"]])
def test_an_unknown_version_is_refused(sign, version):
    assert refused(sign() | {"SignatureVersion": version}) == "version"


@pytest.mark.parametrize("signature", ["", None, "FAKE", "not base64", "ä", 7, ["FAKE"]])
def test_what_is_no_signature_is_refused(sign, signature):
    assert refused(sign() | {"Signature": signature}) == "signature"


def test_a_signature_among_other_letters_is_refused(sign):
    said = sign()
    assert refused(said | {"Signature": said["Signature"] + "\n"}) == "signature"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Message", "fields"),
        ("MessageId", "fields"),
        ("Timestamp", "fields"),
        ("TopicArn", "topic"),
        ("Type", "type"),
        ("SignatureVersion", "version"),
        ("Signature", "signature"),
        ("SigningCertUrl", "certificate address"),
    ],
)
def test_what_lacks_a_field_is_refused(sign, name, why):
    assert refused(without(sign(), name)) == why
    assert refused(sign() | {name: None}) == why


@pytest.mark.parametrize("value", [7, {"eventType": "Send"}, ["a"], True])
def test_a_field_is_text(sign, value):
    """SNS signed the text, which is not what has been parsed to something else."""
    assert refused(sign(Message=value)) == "fields"
    assert refused(sign(Subject=value)) == "fields"


def test_half_a_character_is_no_question_mark(sign):
    assert refused(sign(Message="?") | {"Message": "\ud800"}) == "signature"


# Topic and type


@pytest.mark.parametrize(
    "topic",
    [
        TOPIC + "2",
        TOPIC.upper(),
        TOPIC.replace("123456789012", "210987654321"),
        TOPIC.replace("eu-north-1", "eu-west-1"),
    ],
)
def test_what_is_of_another_topic_is_refused(sign, fetched, topic):
    assert refused(sign(TopicArn=topic)) == "topic"
    assert fetched == []


def test_without_a_topic_of_ours_nothing_is_taken(sign):
    assert refused(sign(TopicArn=""), "") == "topic"


@pytest.mark.parametrize("kind", ["SubscriptionConfirmation", "UnsubscribeConfirmation", ""])
def test_what_is_no_notification_is_refused(sign, kind):
    assert refused(sign(Type=kind)) == "type"


# Where the certificate stands


@pytest.mark.parametrize(
    "url",
    [
        f"https://sns.eu-north-1.amazonaws.com.evil.example{PATH}",
        f"https://evil.example{PATH}",
        f"https://evil.example/{HOME}{PATH}",
        f"https://evil.example/?{HOME}{PATH}",
        f"https://evil.example#{HOME}{PATH}",
        f"http://sns.eu-north-1.amazonaws.com{PATH}",
        f"https://aino@sns.eu-north-1.amazonaws.com{PATH}",
        f"https://aino:secret@sns.eu-north-1.amazonaws.com{PATH}",
        f"https://sns.eu-north-1.amazonaws.com@evil.example{PATH}",
        f"https://sns.eu-north-1.amazonaws.com:443{PATH}",
        f"https://sns.eu-north-1.amazonaws.com:8443{PATH}",
        f"https://sns.eu-north-1.amazonaws.com\\@evil.example{PATH}",
        f"https://sns.eu-north-1.amazonaws.com.cn{PATH}",
        f"https://sns.eu-north-1.amazonaws.com.{PATH}",
        f"https://sns.eu-north-1.amazonaws.org{PATH}",
        f"https://sns.us-east-1.amazonaws.com{PATH}",
        f"https://sns.s3-eu-north-1.amazonaws.com{PATH}",  # a bucket by the name of sns
        f"https://snsXeu-north-1.amazonaws.com{PATH}",
        f"https://evil-sns.eu-north-1.amazonaws.com{PATH}",
        f"https://s3.eu-north-1.amazonaws.com{PATH}",
        f"//sns.eu-north-1.amazonaws.com{PATH}",
        f"file://sns.eu-north-1.amazonaws.com{PATH}",
        PATH,
        HOME,
        f"{HOME}/",
        f"{HOME}/.pem",
        f"{HOME}{PATH}.txt",
        f"{HOME}{PATH}?a=b",
        f"{HOME}{PATH}#a",
        f"{HOME}{PATH}\n",
        f"{HOME}/?Action=a.pem",
        f"{HOME}/a/../b.pem",
        f"{HOME}/a%2fb.pem",
        f"{HOME}/ä.pem",
        f" {HOME}{PATH}",
        "",
        None,
        7,
        [HOME + PATH],
    ],
)
def test_a_certificate_from_anywhere_else_is_not_even_fetched(sign, fetched, url):
    """Each of these has the certificate that the notification was signed by."""
    assert refused(sign(SigningCertUrl=url)) == "certificate address"
    assert fetched == []


def test_another_spelling_does_not_hide_a_foreign_address(sign, fetched):
    both = {"SigningCertUrl": f"https://evil.example{PATH}", "SigningCertURL": HOME + PATH}
    assert refused(sign(**both)) == "certificate address"
    verified(sign(SigningCertURL=f"https://evil.example{PATH}"))
    assert fetched == [HOME + PATH]


def test_where_aws_is_elsewhere_its_certificates_are_there_and_only_there(sign, fetched):
    elsewhere = "http://127.0.0.1:4566"
    there = sign(SigningCertUrl=elsewhere + PATH)
    assert refused(there) == "certificate address"
    assert refused(sign(), endpoint_url=elsewhere) == "certificate address"
    assert fetched == []
    assert verified(there, endpoint_url=elsewhere)
    assert verified(there, endpoint_url=f"{elsewhere}/")


@pytest.mark.parametrize("certificate", ["", "<html>not here</html>"])
def test_what_is_no_certificate_is_refused_and_not_kept(sign, key, monkeypatch, certificate):
    monkeypatch.setattr(sns, "_fetched", lambda url: certificate)
    assert refused(sign()) == "certificate"
    monkeypatch.setattr(sns, "_fetched", lambda url: a_certificate(key))
    assert verified(sign())


# How it is fetched


@pytest.fixture
def real_fetch(fetched, monkeypatch) -> None:
    monkeypatch.setattr(sns, "_fetched", REAL_FETCH)


REAL_FETCH = sns._fetched


@pytest.mark.usefixtures("real_fetch")
def test_a_certificate_comes_from_its_address(sign, key):
    with a_server({PATH: (200, {}, a_certificate(key).encode())}) as address:
        assert verified(sign(SigningCertUrl=address + PATH), endpoint_url=address)


@pytest.mark.usefixtures("real_fetch")
@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirection_is_not_followed(sign, key, status):
    with a_server({"/evil.pem": (200, {}, a_certificate(key).encode())}) as evil:
        moved = (status, {"Location": f"{evil}/evil.pem"}, a_certificate(key).encode())
        with a_server({PATH: moved}) as address, pytest.raises(Unavailable):
            verified(sign(SigningCertUrl=address + PATH), endpoint_url=address)


@pytest.mark.usefixtures("real_fetch")
def test_a_server_has_to_prove_who_it_is(sign, key, tmp_path):
    """It has the right certificate of SNS's, but a TLS certificate that nobody vouches for."""
    file = tmp_path / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + a_certificate(key).encode())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    answers = {PATH: (200, {}, a_certificate(key).encode())}
    with a_server(answers, context) as address, pytest.raises(Unavailable):
        verified(sign(SigningCertUrl=address + PATH), endpoint_url=address)


@pytest.mark.usefixtures("real_fetch")
@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_a_certificate_that_could_not_be_had_is_asked_for_again(sign, key, status):
    """SNS was not proved wrong: the notification comes again."""
    certificate = a_certificate(key).encode()
    answers = {PATH: (status, {}, certificate)}
    with a_server(answers) as address:
        said = sign(SigningCertUrl=address + PATH)
        with pytest.raises(Unavailable):
            verified(said, endpoint_url=address)
        answers[PATH] = (200, {}, certificate)
        assert verified(said, endpoint_url=address)


@pytest.mark.usefixtures("real_fetch")
def test_nobody_there_is_as_good_as_no_answer(sign, monkeypatch):
    monkeypatch.setattr(fetching, "SECONDS", 0.2)
    begun = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(Unavailable):
            verified(sign(SigningCertUrl=address + PATH), endpoint_url=address)
    with pytest.raises(Unavailable):
        verified(sign(SigningCertUrl=address + PATH), endpoint_url=address)
    assert time.monotonic() - begun < 10


@pytest.mark.usefixtures("real_fetch")
def test_an_answer_in_another_language_is_none(sign):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"220 mail.example ESMTP\r\n")

        threading.Thread(target=answer, daemon=True).start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(Unavailable):
            verified(sign(SigningCertUrl=address + PATH), endpoint_url=address)


@pytest.mark.usefixtures("real_fetch")
def test_a_certificate_has_an_end(sign, key):
    head, line, rest = a_certificate(key).partition("\n")
    answers = {PATH: (200, {}, (head + line * fetching.MOST_BYTES + rest).encode())}
    with a_server(answers) as address:
        said = sign(SigningCertUrl=address + PATH)
        assert refused(said, endpoint_url=address) == "certificate"
        answers[PATH] = (200, {}, (head + line * 1000 + rest).encode())
        assert verified(said, endpoint_url=address)


# Through the function


@pytest.fixture
def told(lab, monkeypatch):
    """A Lab whose confirmation was sent, and the function over it, by the environment of AWS."""
    made = office(lab)
    made.told()
    made.store.calls.clear()
    monkeypatch.setattr(bootstrap, "ports", lambda: made.ports)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("TABLE_PREFIX", "labivaraus-")
    monkeypatch.setenv("MAIL_EVENTS_TOPIC", TOPIC)
    return made


def bounce(lab) -> str:
    """SES says that the confirmation's mail has bounced for good."""
    tags = {"message_id": [lab.message(Kind.CONFIRMATION).message_id], "attempt": ["1"]}
    said = {"eventType": "Bounce", "mail": {"tags": tags}, "bounce": {"bounceType": "Permanent"}}
    return json.dumps(said)


def handle(*notifications):
    return mail_events(
        {"Records": [{"EventSource": "aws:sns", "Sns": n} for n in notifications]}, 0
    )


def test_what_ses_says_through_sns_is_noted(told, sign):
    assert handle(sign(Message=bounce(told))) == {"done": "bounced"}
    assert told.message(Kind.CONFIRMATION).state is State.BOUNCED
    assert list(told.store.suppressed.values()) == ["bounce"]


@pytest.mark.parametrize(
    "forged",
    [
        {"Signature": "Rk9SR0VE"},
        {"MessageId": "another"},
        {"SigningCertUrl": f"https://sns.eu-north-1.amazonaws.com.evil.example{PATH}"},
        {"TopicArn": TOPIC + "2"},
        {"SignatureVersion": "0"},
        {"Type": "SubscriptionConfirmation"},
    ],
)
def test_of_what_is_forged_nothing_is_noted(told, sign, forged, caplog):
    """L-07: 403, and no table was so much as looked at; the log says why, and nothing of what was sent."""
    with pytest.raises(Forbidden) as caught:
        handle(sign(Message=bounce(told)) | forged)
    assert presented(caught.value, "en", "r_1", Catalog())[0] == 403
    assert told.message(Kind.CONFIRMATION).state is State.SENT
    assert told.store.suppressed == {}
    assert told.store.calls == []
    (line,) = caplog.records
    assert (line.levelname, line.why) == ("ERROR", caught.value.why)
    assert "evil" not in str(vars(line))
    assert "Permanent" not in str(vars(line))


def test_a_message_that_was_forged_is_refused(told, sign):
    other = json.loads(bounce(told)) | {"eventType": "Complaint"}
    with pytest.raises(Forbidden):
        handle(sign(Message=bounce(told)) | {"Message": json.dumps(other)})
    assert told.store.calls == []


def test_a_function_that_was_told_of_no_topic_takes_nothing(told, sign, monkeypatch):
    monkeypatch.delenv("MAIL_EVENTS_TOPIC")
    for topic in (TOPIC, ""):
        with pytest.raises(Forbidden):
            handle(sign(Message=bounce(told), TopicArn=topic))
    assert told.store.calls == []


def test_nothing_rides_along_with_what_was_signed(told, sign):
    forged = sign(Message=bounce(told)) | {"Signature": "Rk9SR0VE"}
    with pytest.raises(ValueError, match="too many values"):
        handle(sign(Message=bounce(told)), forged)
    assert told.store.calls == []
