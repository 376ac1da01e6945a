"""What calls of the API raise."""

from __future__ import annotations

from typing import Optional


class S4EError(Exception):
    """The API refused a call, or did not answer. Never holds the key."""

    def __init__(
        self,
        message: str,
        *,
        status: Optional[int] = None,
        code: Optional[str] = None,
        retry_after: Optional[int] = None,
        request_id: Optional[str] = None,
    ) -> None:
        super().__init__(message)
        #: HTTP status; None when there was no answer.
        self.status = status
        #: What the API calls the mistake, such as `rate_limited`.
        self.code = code
        #: Seconds after which it makes sense to try again.
        self.retry_after = retry_after
        #: Under which the call is in the log of the server.
        self.request_id = request_id
