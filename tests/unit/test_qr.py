"""A ticket's QR code: a picture that holds itself, whose squares are those of its text."""

from urllib.parse import unquote
from xml.etree import ElementTree as ET

import segno

from chalicelib.adapters.qr import picture
from chalicelib.services import links
from tests.event_scene import Scene

SVG = "{http://www.w3.org/2000/svg}"
QUIET, SCALE = 4, 4


def drawn(address: str) -> ET.Element:
    assert address.startswith("data:image/svg+xml")
    return ET.fromstring(unquote(address.partition(",")[2]))


def test_it_is_an_svg_with_its_quiet_zone_that_asks_for_nothing():
    address = picture("https://lab.example/staff/tickets/s_1_2/23456789")
    root = drawn(address)
    modules = segno.make("https://lab.example/staff/tickets/s_1_2/23456789", error="m").version * 4
    side = (modules + 17 + 2 * QUIET) * SCALE
    assert {root.get("width"), root.get("height")} == {str(side)}
    assert {each.tag for each in root.iter()} == {f"{SVG}svg", f"{SVG}path"}
    assert "href" not in unquote(address)


def test_another_text_is_another_picture_and_the_same_the_same():
    assert picture("a") == picture("a") != picture("b")


def test_a_ticket_is_small_enough_for_a_phone_s_screen():
    """At most version 8 (49 modules): each some pixels wide where the screen has 360."""
    scene = Scene(base_url="https://varaukset.tyo2lab.example.fi")
    scene.sign_up("aino")
    signup_id = scene.of("aino").signup_id.replace("one", "0123456789abcdefghijkl")
    text = links.ticket_url(scene.ports, signup_id)
    assert segno.make(text, error="m", micro=False).version <= 8
