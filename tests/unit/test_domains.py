"""Whose addresses may book: by domain, on the days on which it is allowed, and by nothing that looks like one."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.domains import AllowedDomain, domain_of
from chalicelib.domain.people import Role
from chalicelib.domain.profiles import role_of
from infra.allowed_domains import add, listed
from infra.local.example_data import STAFF, site
from tests.builders import AINO, ANYBODY, at, on, the_ports
from tests.unit.steps import book, codes, refused

TODAY = date(2026, 12, 1)
DOMAINS = tuple(AllowedDomain(each) for each in ("gov.fi", "vm.gov.fi", "xn--ty-gka.fi"))
DATED = AllowedDomain("gov.fi", since=date(2026, 12, 2), until=date(2027, 3, 28))


def agency(email: str, domains=DOMAINS) -> str | None:
    """The domain that an address counts as, or None; also where it is no address at all."""
    try:
        found = domain_of(email, domains, TODAY)
    except ValueError:
        return None
    return found.domain if found else None


@pytest.mark.parametrize(
    ("email", "counts_as"),
    [
        ("aino@gov.fi", "gov.fi"),
        ("aino@GOV.Fi", "gov.fi"),
        ("Aino.Aalto@Gov.FI", "gov.fi"),
        ("aino@om.gov.fi", "gov.fi"),
        ("aino@a.b.c.gov.fi", "gov.fi"),
        ("aino@vm.gov.fi", "vm.gov.fi"),
        ("aino@x.vm.gov.fi", "vm.gov.fi"),
        ("aino@xvm.gov.fi", "gov.fi"),
        ("aino@xgov.fi", None),
        ("aino@not-gov.fi", None),
        ("aino@gov.fi.example", None),
        ("aino@gov-fi.example", None),
        ("aino@fi", None),
        ("aino@ov.fi", None),
        ("aino@gov.fi@evil.example", None),
        ("gov.fi@evil.example", None),
    ],
)
def test_a_subdomain_begins_at_the_border_of_a_label_and_the_longest_counts(email, counts_as):
    assert agency(email) == counts_as
    assert agency(email, tuple(reversed(DOMAINS))) == counts_as


@pytest.mark.parametrize(
    ("email", "counts_as"),
    [
        ("aino@työ.fi", "xn--ty-gka.fi"),
        ("aino@TYÖ.FI", "xn--ty-gka.fi"),
        ("aino@tyo\u0308.fi", "xn--ty-gka.fi"),
        ("aino@xn--ty-gka.fi", "xn--ty-gka.fi"),
        ("aino@XN--TY-GKA.fi", "xn--ty-gka.fi"),
        ("aino@lab.työ.fi", "xn--ty-gka.fi"),
        ("aino@tyo.fi", None),
        ("aino@ｇｏｖ．ｆｉ", "gov.fi"),
        ("ａｉｎｏ＠gov.fi", "gov.fi"),
        ("aino@vm\u3002gov.fi", "vm.gov.fi"),
        ("aino@\u212aela.gov.fi", "gov.fi"),
    ],
)
def test_what_is_another_spelling_of_an_address_is_that_address(email, counts_as):
    """IDNA (RFC 3490, its four full stops too) and NFKC: full width, signs of units, combined marks."""
    assert agency(email) == counts_as


@pytest.mark.parametrize(
    "email",
    [
        "aino@g\u043ev.fi",  # Cyrillic o
        "aino@gov.f\u0456",  # Cyrillic i
        "aino@g\u03bfv.fi",  # Greek omicron
        "aino@go\u03bd.fi",  # Greek nu
        "a\u0456no@gov.fi",
        "\u0430ino@gov.fi",  # Cyrillic a
        "ain\u03bf@gov.fi",
        "aino@g\u0585v.fi",  # Armenian oh
        "aino@\u0261ov.fi",  # Latin script g
        "aino@gov.f\u0131",  # dotless i
        "aino@gov.f\u0130",  # dotted capital i
        "aino@g\u00f2v.fi",
        "aino@g\u1d0fv.fi",  # small capital o
        "aino@xn--gv-jbc.fi",  # the A-label of one with a Cyrillic o
        "ai\u200bno@gov.fi",
        "aino\u202e@gov.fi",
    ],
)
def test_what_only_looks_like_an_address_is_none(email):
    """UTS 39: letters of other scripts, and Latin ones that are not the same."""
    assert agency(email) is None


@pytest.mark.parametrize(
    "email",
    [
        '"aino"@gov.fi',
        '"aino aalto"@gov.fi',
        '"aino@evil.example"@gov.fi',
        '"a\\"b"@gov.fi',
        "aino@[127.0.0.1]",
        "aino@gov.fi.",
        "aino@.gov.fi",
        "aino@evil.example,@gov.fi",
        "aino@evil.example%@gov.fi@",
    ],
)
def test_quoted_locals_and_other_forms_are_refused(email):
    assert agency(email) is None


LABELS = st.lists(st.sampled_from(["gov", "fi", "vm", "xgov", "a"]), min_size=2, max_size=5)


@given(LABELS, st.lists(LABELS, min_size=1, max_size=4))
def test_it_is_allowed_exactly_where_its_last_labels_are(host, allowed):
    domains = tuple(AllowedDomain(".".join(each)) for each in allowed)
    fitting = [each for each in allowed if host[-len(each) :] == each]
    found = agency(f"aino@{'.'.join(host)}", domains)
    assert found == (".".join(max(fitting, key=len)) if fitting else None)


@pytest.mark.parametrize(
    ("moment", "role"),
    [
        ("2026-12-01 23:59", Role.VISITOR),
        ("2026-12-02 00:00", Role.PERSON),
        ("2027-03-28 02:59", Role.PERSON),
        ("2027-03-28 23:59", Role.PERSON),  # a day of 23 hours
        ("2027-03-29 00:00", Role.VISITOR),
    ],
)
def test_its_first_and_last_day_are_the_lab_s_own(moment: str, role: Role):
    """Two or three hours before those of UTC."""
    ports, _, _ = the_ports(allowed_domains=(DATED,))
    assert role_of(AINO.email, None, ports.settings.get().site, at(moment)) is role


def test_who_books_is_judged_by_the_day_on_which_they_do(lab):
    ports, _, clock = lab(allowed_domains=(DATED,))
    times = on("2026-12-03", "10-11")
    clock.time = at("2026-12-01 23:59")
    assert codes(refused(ports, "pod", by=ANYBODY, **times)) == ["email-not-allowed"]
    clock.time = at("2026-12-02 00:00")
    book(ports, "pod", by=ANYBODY, **times)


def test_an_open_end_is_no_end():
    for domain in (AllowedDomain("gov.fi"), AllowedDomain("gov.fi", since=TODAY)):
        assert domain.holds(TODAY)
        assert domain.holds(date(2199, 1, 1))
    assert AllowedDomain("gov.fi", until=TODAY).holds(date(2000, 1, 1))


def test_where_the_longer_one_is_over_the_shorter_one_counts():
    over = replace(DOMAINS[1], until=date(2026, 11, 30))
    assert agency("aino@vm.gov.fi", (DOMAINS[0], over)) == "gov.fi"
    assert agency("aino@vm.gov.fi", (over,)) is None


# The seed list


def test_the_seed_list_is_of_domains_in_their_one_spelling_and_none_is_confirmed():
    found = listed()
    names = [each.domain for each in found]
    assert names == sorted(set(names))
    assert "gov.fi" in names
    for each in found:
        assert domain_of(f"x@{each.domain}", (each,), TODAY) == each
        assert each.note
        assert not each.confirmed


def test_none_of_the_seed_list_is_anybody_s_private_domain():
    everybody_s = {
        "gmail.com",
        "outlook.com",
        "hotmail.com",
        "icloud.com",
        "luukku.com",
        "fi",
        "com",
    }
    assert not everybody_s & {each.domain for each in listed()}


def test_the_example_lab_s_own_host_may_log_in():
    example = site("https://lab.example", "salt")
    assert role_of(STAFF.email, None, example, datetime.now().astimezone()) is Role.PERSON


def test_what_is_added_leaves_what_stands_there():
    ports, store, _ = the_ports(allowed_domains=(DATED,))
    new = (AllowedDomain("gov.fi"), AllowedDomain("vm.fi", confirmed=False, note="VM"))
    assert add(ports, new) == ["vm.fi"]
    assert store.site.allowed_domains == (DATED, new[1])
    assert [(each["actor"], each["fields"]) for each in store.audit] == [
        ("console", ["allowed_domains"])
    ]
    assert add(ports, new) == []
    assert store.site.version == 2
