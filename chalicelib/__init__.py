"""Labbokning: the booking system of a shared workspace."""

VERSION = "0.1.0"
