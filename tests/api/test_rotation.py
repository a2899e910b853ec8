"""A rotated signing key: lists go on, and forms that are being filled in are taken, while it is known."""

from tests.api.conftest import STAFF_KEY, Api
from tests.form_tokens import form_token


def test_a_cursor_lives_as_long_as_its_key(api: Api) -> None:
    first = api("GET", "/v1/staff/spaces?limit=2", key=STAFF_KEY).json
    rest = f"/v1/staff/spaces?limit=2&cursor={first['next']}"
    whole = api("GET", rest, key=STAFF_KEY).json
    api.ports.secrets.known = ("k2", "k1")
    assert api("GET", rest, key=STAFF_KEY).json["items"] == whole["items"]
    newer = api("GET", "/v1/staff/spaces?limit=2", key=STAFF_KEY).json["next"]
    assert newer != first["next"]
    api.ports.secrets.known = ("k2",)
    assert api("GET", rest, key=STAFF_KEY).pointers == {"/cursor": "invalid-request"}
    assert api("GET", f"/v1/staff/spaces?limit=2&cursor={newer}", key=STAFF_KEY).status == 200


def test_a_form_lives_as_long_as_its_key(api: Api) -> None:
    form = {"email": "aino.aalto@gov.fi", "form_token": form_token()}

    def sent() -> int:
        return api("POST", "/v1/auth/links", form=form).status

    api.ports.secrets.known = ("k2", "k1")
    assert sent() == 202
    api.ports.secrets.known = ("k2",)
    assert sent() == 403
    form["form_token"] = form_token()
    assert sent() == 202
