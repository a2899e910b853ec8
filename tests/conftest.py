"""What tests of several layers share."""

import zoneinfo

from tests.cloud import cloud

__all__ = ["cloud"]

zoneinfo.reset_tzpath(to=())  # as on Lambda: the pinned time zones, not this machine's
