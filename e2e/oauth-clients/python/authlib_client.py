"""A client of Authlib: one JSON text in, one out."""

import json
import sys

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url

TIMEOUT_SECONDS = 15

given = json.load(sys.stdin)
issuer = given["issuer"]
metadata = AuthorizationServerMetadata(
    requests.get(get_well_known_url(issuer, external=True), timeout=TIMEOUT_SECONDS).json()
)
method = given["authentication"]
assert metadata["issuer"] == issuer
assert method in metadata.token_endpoint_auth_methods_supported
assert method in metadata.introspection_endpoint_auth_methods_supported
assert method in metadata.revocation_endpoint_auth_methods_supported
for name in metadata.REGISTRY_KEYS:
    # The issuer of a test speaks no TLS, and nobody is asked for consent here.
    if name not in ("issuer", "response_types_supported"):
        getattr(metadata, f"validate_{name}")()

session = OAuth2Session(
    given["clientId"],
    given.get("clientSecret") or given.get("privateKey"),
    token_endpoint_auth_method=method,
    revocation_endpoint_auth_method=method,
    default_timeout=TIMEOUT_SECONDS,
)
if method == "private_key_jwt":
    session.register_client_auth_method(
        PrivateKeyJWT(issuer, headers={"kid": given["keyId"]}, alg=given["algorithm"])
    )

token = session.fetch_token(
    metadata["token_endpoint"], grant_type="client_credentials", scope=given["scope"]
)


def introspect():
    answer = session.introspect_token(
        metadata["introspection_endpoint"], token=token["access_token"]
    )
    answer.raise_for_status()
    return answer.json()


introspected = introspect()
session.revoke_token(
    metadata["revocation_endpoint"], token=token["access_token"]
).raise_for_status()
json.dump({"token": token, "introspected": introspected, "afterwards": introspect()}, sys.stdout)
