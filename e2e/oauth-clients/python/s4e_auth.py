"""The S4E documentation's class (S1-08, S1-11), as it stands there. Below it, a script that uses it: one JSON text in, one out."""

import time

import requests


class S4EAuth:
    def __init__(self, client_id, client_secret, base_url="https://api.s4e.io"):
        self.client_id = client_id
        self.client_secret = client_secret
        self.base_url = base_url
        self._token = None
        self._expires_at = 0

    def get_token(self):
        if time.time() < self._expires_at - 60:
            return self._token

        response = requests.post(
            f"{self.base_url}/oauth/token",
            data={
                "grant_type": "client_credentials",
                "client_id": self.client_id,
                "client_secret": self.client_secret,
            },
        )
        response.raise_for_status()
        data = response.json()

        self._token = data["access_token"]
        self._expires_at = time.time() + data["expires_in"]
        return self._token

    def auth_header(self):
        return {"Authorization": f"Bearer {self.get_token()}"}


if __name__ == "__main__":
    import json
    import sys

    given = json.load(sys.stdin)
    auth = S4EAuth(given["clientId"], given["clientSecret"], base_url=given["baseUrl"])
    statuses = [
        requests.get(given["api"], headers=auth.auth_header(), timeout=15).status_code
        for _ in range(2)
    ]
    kept = auth.get_token()
    auth._expires_at = time.time() + 59
    json.dump({"statuses": statuses, "first": kept, "second": auth.get_token()}, sys.stdout)
