"""A resource server with PyJWT, which knows the address of the keys: one JSON text in, the token's header and claims out."""

import json
import sys

import jwt

given = json.load(sys.stdin)
token = given["token"]
key = jwt.PyJWKClient(given["jwksUri"], timeout=15).get_signing_key_from_jwt(token)
claims = jwt.decode(
    token,
    key,
    algorithms=[given["algorithm"]],
    issuer=given["issuer"],
    audience=given["audience"],
    options={"require": ["iss", "aud", "sub", "client_id", "jti", "iat", "exp"]},
)
json.dump({"header": jwt.get_unverified_header(token), "claims": claims}, sys.stdout)
