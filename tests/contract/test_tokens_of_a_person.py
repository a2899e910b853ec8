"""Sessions, proofs and idempotency items: by whom they are."""

from datetime import timedelta

from chalicelib.domain.logins import Login, Session
from tests.contract.backends import Backend, from_the_future, small_pages
from tests.contract.things import NOW, a_record, written


def a_login(login_id: str = "l_1", person_id: str = "p_aino") -> Login:
    return Login(
        login_id=login_id,
        person_id=person_id,
        email="aino.aalto@gov.fi",
        language="fi",
        browser_hash="b",
        link_hash="l",
        key_id="1",
        created_at=NOW,
        expires_at=NOW + timedelta(minutes=10),
    )


def a_session(token_hash: str, person_id: str = "p_aino") -> Session:
    return Session(token_hash, person_id, NOW, NOW, 1)


def of_aino(backend: Backend) -> tuple[list[str], list[str], list[str]]:
    found = backend.ports.logins.of_person("p_aino")
    return (
        sorted(each.token_hash for each in found.sessions),
        sorted(each.login_id for each in found.logins),
        sorted(each.token for each in found.records),
    )


def fill(backend: Backend) -> None:
    ports = backend.ports
    for number in range(3):
        written(
            backend,
            lambda tx, number=number: ports.logins.begin(tx, a_session(f"s_{number}")),
            lambda tx, number=number: ports.logins.put(tx, a_login(f"l_{number}")),
            lambda tx, number=number: ports.keys.put(
                tx, a_record(token=f"k_{number}", person_id="p_aino"), 0
            ),
        )
    written(
        backend,
        lambda tx: ports.logins.begin(tx, a_session("s_eero", "p_eero")),
        lambda tx: ports.logins.put(tx, a_login("l_eero", "p_eero")),
        lambda tx: ports.keys.put(tx, a_record(token="k_eero", person_id="p_eero"), 0),
        lambda tx: ports.keys.put(tx, a_record(token="k_nobody"), 0),
    )


ALL_OF_AINO = (["s_0", "s_1", "s_2"], ["l_0", "l_1", "l_2"], ["k_0", "k_1", "k_2"])


def test_what_is_in_flight_is_found_by_its_person(backend: Backend) -> None:
    fill(backend)
    small_pages(backend)
    assert of_aino(backend) == ALL_OF_AINO
    found = backend.ports.logins.of_person("p_aino")
    assert a_session("s_0") in found.sessions
    assert a_login("l_0") in found.logins
    assert a_record(token="k_0", person_id="p_aino") in found.records


def test_a_completed_answer_stays_its_person_s(backend: Backend) -> None:
    fill(backend)
    record = backend.ports.keys.get("k_0")
    assert record is not None
    backend.ports.keys.amend(record)
    assert of_aino(backend) == ALL_OF_AINO


def test_a_newer_schema_is_read_all_the_same(dynamodb: Backend) -> None:
    fill(dynamodb)
    from_the_future(dynamodb)
    assert of_aino(dynamodb) == ALL_OF_AINO
