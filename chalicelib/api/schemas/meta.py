"""What the interface says of itself."""

from chalicelib.api.schemas.base import Answer


class Health(Answer):
    """That we are here."""

    ok: bool
    version: str
