"""Keys and tokens of clients that call the service, good ones and forged ones."""

import base64
import json
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

ISSUER, BASE = "https://ehr.example", "https://cds.example"
DISCOVERY = "/cds-services"


@lru_cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP384R1())


@lru_cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def public(private: Any, kid: str) -> dict[str, object]:
    """The public half as a JWK."""
    algorithm = ECAlgorithm if isinstance(private, ec.EllipticCurvePrivateKey) else RSAAlgorithm
    return {**algorithm.to_jwk(private.public_key(), as_dict=True), "kid": kid}


def claims(path: str = DISCOVERY, now: float = 1_000, **others: Any) -> dict[str, Any]:
    """What a good token says; a claim that is None is left out."""
    said = {"iss": ISSUER, "aud": f"{BASE}{path}", "iat": int(now), "exp": int(now) + 300, "jti": "t1"} | others
    return {name: value for name, value in said.items() if value is not None}


def signed(said: dict[str, Any], private: Any = None, algorithm: str = "ES384", **header: Any) -> str:
    """A token; a header field that is None is left out."""
    given = {"kid": "k1", "typ": "JWT"} | header
    return jwt.encode(
        said, private or ec_key("ehr"), algorithm, headers={name: value for name, value in given.items() if value is not None}
    )


def part(value: Any) -> str:
    """One segment of a token, as it is written."""
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()
