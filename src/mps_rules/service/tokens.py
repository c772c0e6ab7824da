"""
Who calls: a JSON Web Token is believed or refused here, and nowhere else.

Issuers, their keys and their algorithms are agreed beforehand; nothing in a token chooses a key but its ``kid``, among the keys of its
issuer. The address it is for comes from the settings, never from the request. A refusal is one word for the log; the caller is told nothing.
The only module that knows PyJWT.
"""

import base64
import binascii
import json
import math
import re
import ssl
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeAlias

import attrs
import jwt
from jwt.api_jws import PyJWS

from mps_rules.errors import Fault, SettingsError

Algorithm: TypeAlias = Literal["ES384", "RS384"]
Why: TypeAlias = Literal[
    "no token",
    "malformed",
    "type",
    "algorithm",
    "claims",
    "issuer",
    "audience",
    "expired",
    "not yet valid",
    "lifetime",
    "tenant",
    "key address",
    "key",
    "signature",
    "replayed",
]

LONGEST_TOKEN = 8_192
"""Characters of a token."""
LONGEST_KEYS = 65_536
"""Bytes of a fetched key set."""
LATEST = 1e12
"""The latest time that a token may name, in seconds since 1970."""
KEYS_FRESH_S, KEYS_STALE_S, COOLDOWN_S, FETCH_S = 3_600, 86_400, 60, 5
"""Fetched keys are fetched again after an hour and forgotten after a day; two fetches stand a minute apart; one takes at most 5 seconds."""
LEAST_RSA_BITS = 2_048

_KINDS: Mapping[str, Algorithm] = {"EC": "ES384", "RSA": "RS384"}
_PART = re.compile(r"[A-Za-z0-9_-]+")


@attrs.frozen
class Issuer:
    """
    One client that may call.

    Args:
        iss: as its tokens say it, to the letter.
        algorithms: those it signs with.
        keys: its public keys, as JWKs, each with its ``kid``.
        keys_file: a file with its key set (JWKS) instead.
        jku: where it publishes its keys; a token that names another address is refused. Empty, no token's ``jku`` is read.
        fetch: whether keys are fetched from there.
        tenants: the organisations it may call for; empty, a token's tenant is not read.

    """

    iss: str
    algorithms: tuple[Algorithm, ...] = ("ES384", "RS384")
    keys: tuple[Mapping[str, object], ...] = ()
    keys_file: str = ""
    jku: tuple[str, ...] = ()
    fetch: bool = False
    tenants: tuple[str, ...] = ()


@attrs.frozen
class Caller:
    """Who called: a configured issuer, and a configured tenant or nothing."""

    issuer: str
    tenant: str = ""


class Refused(Exception):  # noqa: N818 - it names the token, not the code
    """A token that is not believed: why, for the log, and of which configured issuer, if it got that far."""

    def __init__(self, why: Why, issuer: str = "") -> None:
        self.why: Why = why
        self.issuer = issuer
        super().__init__(why)


FirstUse: TypeAlias = Callable[[str, str, int, int], bool]
"""Whether a token id is seen for the first time: issuer, id, when it may be forgotten, now."""


class Verifier:
    """
    Decides whether a token is believed.

    >>> from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
    >>> private = generate_private_key(SECP384R1())
    >>> public = {**jwt.algorithms.ECAlgorithm.to_jwk(private.public_key(), as_dict=True), "kid": "k1"}
    >>> verifier = Verifier([Issuer("https://ehr.example", keys=(public,))], "https://cds.example", lambda *_: True)
    >>> said = {"iss": "https://ehr.example", "aud": "https://cds.example/cds-services", "iat": 0, "exp": 300, "jti": "1"}
    >>> token = jwt.encode(said, private, "ES384", headers={"kid": "k1"})
    >>> verifier.verify([f"Bearer {token}"], "/cds-services", now=10)
    Caller(issuer='https://ehr.example', tenant='')
    >>> verifier.verify([f"Bearer {token}"], "/cds-services/other", now=10)
    Traceback (most recent call last):
    mps_rules.service.tokens.Refused: audience

    Args:
        issuers: those who may call.
        base_url: the public address of the service, as its callers know it.
        first_use: remembers token ids, for all workers.
        leeway: how far clocks may differ, in seconds.
        longest: the longest life of a token, in seconds.
        fetched: reads a key set from an https address.

    Raises:
        SettingsError: every fault of the issuers and of their keys.

    """

    def __init__(
        self,
        issuers: Sequence[Issuer],
        base_url: str,
        first_use: FirstUse,
        *,
        leeway: int = 60,
        longest: int = 3_600,
        fetched: "Callable[[str], bytes] | None" = None,
    ) -> None:
        faults: list[Fault] = []
        self._base_url = base_url.rstrip("/")
        self._first_use, self._leeway, self._longest = first_use, leeway, longest
        self._issuers: dict[str, tuple[Issuer, _Keys]] = {}
        for number, issuer in enumerate(issuers):
            where = f"issuers[{number}]"
            keys = _given_keys(issuer, where, faults)
            faults += _issuer_faults(issuer, where)
            if issuer.iss in self._issuers:
                faults.append(Fault(f"{where}.iss", "is given twice"))
            self._issuers[issuer.iss] = issuer, _Keys(issuer, keys, fetched or fetch)
        if faults:
            raise SettingsError(faults)

    def verify(self, authorization: Sequence[str], path: str, now: float) -> Caller:
        """
        The caller whose token this is: iss, aud, exp, tenant, signature, jti, in this order.

        Args:
            authorization: every Authorization header of the request.
            path: of the endpoint, below the base address; what the token must be for.
            now: the present, in seconds since 1970.

        Raises:
            Refused: it is not believed.

        """
        token = _bearer(authorization)
        header, said = _parts(token)
        algorithm, kid = _header(header)
        iss, jti = _text(said.get("iss")), _text(said.get("jti"))
        issuer, keys = self._issuers.get(iss, (None, None))
        if issuer is None or keys is None:
            raise Refused("issuer")

        def refuse(why: Why) -> NoReturn:
            raise Refused(why, issuer.iss)

        audience = said.get("aud")
        if f"{self._base_url}{path}" not in ([audience] if isinstance(audience, str) else audience if isinstance(audience, list) else []):
            refuse("audience")
        issued, expires, begins = (_time(said.get(name), issuer.iss) for name in ("iat", "exp", "nbf" if "nbf" in said else "iat"))
        if now >= expires + self._leeway:
            refuse("expired")
        if max(issued, begins) > now + self._leeway:
            refuse("not yet valid")
        if not 0 < expires - issued <= self._longest:
            refuse("lifetime")
        tenant = said.get("tenant", "")
        if issuer.tenants and tenant not in issuer.tenants:
            refuse("tenant")
        if algorithm not in issuer.algorithms:
            refuse("algorithm")
        if issuer.jku and "jku" in header and header["jku"] not in issuer.jku:
            refuse("key address")
        key = keys.of(kid, now)
        if key is None:
            refuse("key")
        if key.algorithm_name != algorithm:
            refuse("algorithm")
        try:
            _JWS.decode_complete(token, key, algorithms=[algorithm])
        except jwt.PyJWTError:
            refuse("signature")
        if not jti:
            refuse("claims")
        if not self._first_use(issuer.iss, jti, math.ceil(expires + self._leeway), math.floor(now)):
            refuse("replayed")
        return Caller(issuer.iss, tenant if issuer.tenants else "")


_JWS = PyJWS(algorithms=list(_KINDS.values()))


def _bearer(authorization: Sequence[str]) -> str:
    if not authorization:
        raise Refused("no token")
    scheme, _, token = authorization[0].partition(" ")
    if len(authorization) != 1 or scheme.lower() != "bearer":
        raise Refused("no token")
    if len(token) > LONGEST_TOKEN:
        raise Refused("malformed")
    return token


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and the claims of a token, nothing of which is believed yet."""
    parts = token.split(".")
    if len(parts) != 3 or not all(map(_PART.fullmatch, parts)):
        raise Refused("malformed")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise Refused("malformed")
        return dict(pairs)

    try:
        header, said = (json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)), object_pairs_hook=once) for part in parts[:2])
    except (ValueError, RecursionError, binascii.Error):
        raise Refused("malformed") from None
    if not (isinstance(header, dict) and isinstance(said, dict)):
        raise Refused("malformed")
    return header, said


def _header(header: Mapping[str, Any]) -> tuple[str, str]:
    """The algorithm and the key id; keys that a token brings along (jwk, x5u, x5c) are not looked at."""
    if header.get("typ") != "JWT":
        raise Refused("type")
    if header.get("alg") not in _KINDS.values():
        raise Refused("algorithm")
    if {"crit", "b64", "zip", "enc"} & header.keys():
        raise Refused("malformed")
    kid = _text(header.get("kid"))
    if not kid:
        raise Refused("key")
    return header["alg"], kid


def _text(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= 1_000 else ""


def _time(value: Any, issuer: str) -> float:
    if (
        isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LATEST
    ):  # NaN is not, and no int is too large to ask
        raise Refused("claims", issuer)
    return float(value)


# --- keys -------------------------------------------------------------------------------------------------------------


class _Keys:
    """The keys of one issuer by their id: given ones for good, fetched ones for a while."""

    def __init__(self, issuer: Issuer, given: Mapping[str, jwt.PyJWK], fetched: Callable[[str], bytes]) -> None:
        self._given, self._fetch = given, fetched
        self._from = issuer.jku if issuer.fetch else ()
        self._fetched: dict[str, jwt.PyJWK] = {}
        self._at = self._tried = -math.inf
        self._lock = threading.Lock()

    def of(self, kid: str, now: float) -> jwt.PyJWK | None:
        """The key of that id; where keys are fetched, an unknown id or an old set fetches again, at most once a minute."""
        if kid in self._given or not self._from:
            return self._given.get(kid)
        with self._lock:
            self._at, self._tried = (
                min(self._at, now),
                min(self._tried, now),
            )  # a clock that went back must not keep keys, nor keep from fetching
            if (kid not in self._fetched or now - self._at > KEYS_FRESH_S) and now - self._tried >= COOLDOWN_S:
                self._tried = now
                self._again(now)
            if now - self._at > KEYS_STALE_S:
                self._fetched = {}
            return self._fetched.get(kid)

    def _again(self, now: float) -> None:
        found: dict[str, jwt.PyJWK] = {}
        for url in self._from:
            try:
                keys = json.loads(self._fetch(url))["keys"]
            except (OSError, ValueError, KeyError, TypeError, RecursionError):
                return
            for one in keys if isinstance(keys, list) else []:
                key = _key(one)
                if isinstance(key, jwt.PyJWK):
                    found.setdefault(str(key.key_id), key)
        self._fetched, self._at = found, now


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow nothing: an allowed address may not send us to another."""


def fetch(url: str, context: ssl.SSLContext | None = None) -> bytes:
    """
    What stands at an https address: no redirect, no proxy, 64 kB and 5 seconds at most.

    Raises:
        OSError: it cannot be had.

    """
    if not url.startswith("https://"):
        raise OSError("not an https address")
    handlers = (_NoRedirect, urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context or ssl.create_default_context()))
    with urllib.request.build_opener(*handlers).open(url, timeout=FETCH_S) as answer:
        body: bytes = answer.read(LONGEST_KEYS + 1)
    if len(body) > LONGEST_KEYS:
        raise OSError("too long for a key set")
    return body


def _key(one: object) -> "jwt.PyJWK | str":
    """A public key for one of the two algorithms, or what is wrong with it."""
    if not isinstance(one, Mapping):
        return "expected a JWK"
    kind = one.get("kty")
    algorithm = _KINDS.get(kind) if isinstance(kind, str) else None
    if algorithm is None:
        return "expected a key of kty EC or RSA"
    if {"d", "p", "q", "k"} & one.keys():
        return "is a private key; give the public one, and make a new pair"
    if not _text(one.get("kid")):
        return "has no kid"
    if one.get("use", "sig") != "sig" or one.get("alg", algorithm) != algorithm:
        return f"is not for signing with {algorithm}"
    if kind == "EC" and one.get("crv") != "P-384":
        return "expected the curve P-384"
    try:
        key = jwt.PyJWK(dict(one), algorithm)
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        return "cannot be read as a key"
    if kind == "RSA" and key.key.key_size < LEAST_RSA_BITS:
        return f"is shorter than {LEAST_RSA_BITS} bits"
    return key


def _given_keys(issuer: Issuer, where: str, faults: list[Fault]) -> dict[str, jwt.PyJWK]:
    given: Sequence[object] = issuer.keys
    if issuer.keys_file:
        where = f"{where}.keys_file"
        try:
            read = json.loads(Path(issuer.keys_file).read_bytes())
            given = read["keys"] if isinstance(read["keys"], list) else [None]
        except OSError as error:
            faults.append(Fault(where, f"cannot be read: {error.strerror}"))
        except (ValueError, KeyError, TypeError, RecursionError):
            faults.append(Fault(where, "is not a key set (JWKS)"))
    found: dict[str, jwt.PyJWK] = {}
    for number, one in enumerate(given):
        key = _key(one)
        if isinstance(key, str):
            faults.append(Fault(f"{where}.keys[{number}]", key))
        elif str(key.key_id) in found:
            faults.append(Fault(f"{where}.keys[{number}]", "has the kid of another key"))
        else:
            found[str(key.key_id)] = key
    return found


def _issuer_faults(issuer: Issuer, where: str) -> Iterator[Fault]:
    if not issuer.iss.strip():
        yield Fault(f"{where}.iss", "is empty")
    if not issuer.algorithms:
        yield Fault(f"{where}.algorithms", "names none of ES384, RS384")
    if issuer.keys and issuer.keys_file:
        yield Fault(f"{where}.keys_file", "stands beside keys: give one of them")
    if not (issuer.keys or issuer.keys_file or issuer.fetch):
        yield Fault(where, "has no keys: give keys, keys_file, or jku with fetch")
    if issuer.fetch and not issuer.jku:
        yield Fault(f"{where}.fetch", "needs an address in jku")
    for number, url in enumerate(issuer.jku):
        if not url.startswith("https://"):
            yield Fault(f"{where}.jku[{number}]", "expected an https address")
