"""What tests of several layers share."""

import zoneinfo

from tests.cloud import cloud
from tests.log_watch import (
    pytest_configure,
    pytest_runtest_call,
    pytest_runtest_setup,
    pytest_runtest_teardown,
)

__all__ = [
    "cloud",
    "pytest_configure",
    "pytest_runtest_call",
    "pytest_runtest_setup",
    "pytest_runtest_teardown",
]

zoneinfo.reset_tzpath(to=())  # as on Lambda: the pinned time zones, not this machine's
