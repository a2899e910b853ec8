"""What tests of several layers share."""

from tests.cloud import cloud

__all__ = ["cloud"]
