"""What a sign-up is called outside, and its two parts."""

from chalicelib.domain.signups import parts_of, signup_id_of
from tests.event_builders import a_signup


def test_an_id_has_the_event_and_the_person_in_it():
    assert a_signup("p_0af3").signup_id == "s_one_0af3"
    assert parts_of("s_one_0af3") == ("e_one", "p_0af3")
    assert parts_of(signup_id_of("e_000_1", "p_9")) == ("e_000_1", "p_9")


def test_what_can_be_no_id_has_no_parts():
    for text in ("", "s_", "s_one", "s__one", "s_one_", "b_one_two", "e_one"):
        assert parts_of(text) is None, text
