"""What tests of the deployed system share: the Lab as its clients see it."""

import pytest

from tests.cloud import RunningCloud
from tests.system.crowd import Lab, Request


@pytest.fixture(scope="session")
def lab(cloud: RunningCloud) -> Lab:
    """The deployed system, its workers warm."""
    made = Lab(cloud)
    made.rush([Request("GET", "/v1/spaces") for _ in range(64)])
    return made
