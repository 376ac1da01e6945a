"""The client: `S4EClient(api_key="…").assets.list()`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any, List, Mapping, Optional

import requests

from .errors import S4EError

BASE_URL = "https://api.s4e.io"
TIMEOUT_SECONDS = 15.0

#: What can stand in a header. What cannot would be refused there with an error that shows it.
_SENDABLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class Asset:
    hostname: str
    #: 0 to 100; None until it has been scanned.
    security_score: Optional[int]


class Assets:
    """The assets that the key is for."""

    def __init__(self, client: S4EClient) -> None:
        self._client = client

    def list(self) -> List[Asset]:
        """All of them, in order of their names. Needs the scope `read:assets`; raises S4EError."""
        answer = self._client._get("/api/assets")
        try:
            return [Asset(each["hostname"], each["security_score"]) for each in answer["data"]]
        except (KeyError, TypeError) as error:
            raise S4EError("The API answered something else than assets.", status=200) from error


class S4EClient:
    """Calls the API with a key. May be used by several threads at once."""

    def __init__(self, api_key: str, base_url: Optional[str] = None, timeout: float = TIMEOUT_SECONDS) -> None:
        """
        :param base_url: where the API is; the variable S4E_BASE_URL, or https://api.s4e.io, when absent.
        :param timeout: seconds without a byte after which a call is given up.
        :raises ValueError: for what can be no key, such as one with the end of its line.
        """
        if not _SENDABLE.fullmatch(api_key):
            raise ValueError("api_key must be visible ASCII characters, without spaces or the end of a line.")
        self._api_key = api_key
        self._base_url = (base_url or os.environ.get("S4E_BASE_URL") or BASE_URL).rstrip("/")
        self._timeout = timeout
        self.assets = Assets(self)

    def __repr__(self) -> str:
        return f"S4EClient(base_url={self._base_url!r})"

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # A header by itself would give way to a login that a .netrc has for the host.
        request.headers["Authorization"] = f"Bearer {self._api_key}"
        return request

    def _get(self, path: str) -> Any:
        try:
            response = requests.get(
                self._base_url + path,
                headers={"Accept": "application/json"},
                auth=self._authorize,
                timeout=self._timeout,
                # Elsewhere the key is nobody's business.
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise S4EError(f"The API cannot be reached: {type(error).__name__}.") from error
        if response.status_code != 200:
            raise _refusal(response)
        try:
            return response.json()
        except ValueError as error:
            raise S4EError("The API answered something else than JSON.", status=200) from error


def _refusal(response: requests.Response) -> S4EError:
    said = _error_in(response)
    wait = response.headers.get("Retry-After", "")
    return S4EError(
        said.get("message", f"The API answered {response.status_code}."),
        status=response.status_code,
        code=said.get("code"),
        retry_after=int(wait) if wait.isdigit() else None,
        request_id=response.headers.get("X-Request-ID"),
    )


def _error_in(response: requests.Response) -> Mapping[str, Any]:
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}
