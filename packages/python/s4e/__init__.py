"""A client for the S4E API."""

from .client import Asset, Assets, S4EClient
from .errors import S4EError

__all__ = ["Asset", "Assets", "S4EClient", "S4EError"]
