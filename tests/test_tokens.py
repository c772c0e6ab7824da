"""Who is believed: the checks A1 to A9 of the service's callers, and every way around them that is known."""

import hashlib
import hmac
import json
import math
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from mps_rules.errors import SettingsError
from mps_rules.service.tokens import Caller, Issuer, Refused, Verifier, fetch
from signing import BASE, DISCOVERY, ISSUER, claims, ec_key, part, public, rsa_key, signed

NOW = 1_000
SERVICE = "/cds-services/mps-patient-view"
CONFIGURED = Issuer(ISSUER, keys=(public(ec_key("ehr"), "k1"), public(rsa_key("ehr"), "r1")))


class Seen:
    """Token ids in memory."""

    def __init__(self) -> None:
        self.until: dict[tuple[str, str], int] = {}

    def __call__(self, issuer: str, token: str, until: int, _: int) -> bool:
        unseen = (issuer, token) not in self.until
        self.until.setdefault((issuer, token), until)
        return unseen


def verifier(issuer: Issuer = CONFIGURED, **others: Any) -> Verifier:
    return Verifier([issuer], BASE, others.pop("seen", Seen()), **others)


def why(token: str, issuer: Issuer = CONFIGURED, now: float = NOW, path: str = DISCOVERY) -> str:
    with pytest.raises(Refused) as refused:
        verifier(issuer).verify([f"Bearer {token}"], path, now)
    return refused.value.why


def believed(token: str, issuer: Issuer = CONFIGURED, now: float = NOW, path: str = DISCOVERY) -> Caller:
    return verifier(issuer).verify([f"Bearer {token}"], path, now)


# --- A1: a bearer token on every call ----------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [[], [""], ["Basic eDp5"], ["Token a.b.c"]])
def test_a1_without_a_bearer_token_nobody_is_believed(headers: list[str]) -> None:
    with pytest.raises(Refused, match="no token"):
        verifier().verify(headers, DISCOVERY, NOW)


def test_a1_two_authorization_headers_are_none() -> None:
    with pytest.raises(Refused, match="no token"):
        verifier().verify([f"Bearer {signed(claims())}"] * 2, DISCOVERY, NOW)


def test_a1_the_scheme_is_read_in_any_case() -> None:
    assert verifier().verify([f"bearer {signed(claims())}"], DISCOVERY, NOW) == Caller(ISSUER)


# --- A2: what a token must hold -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("typ", [None, "at+jwt", "JOSE", "jwt", 1, ["JWT"]])
def test_a2_a_type_other_than_jwt_is_refused(typ: Any) -> None:
    forged = f"{part({'alg': 'ES384', 'kid': 'k1', 'typ': typ})}.{part(claims())}.{part(b'x')}"

    assert why(forged) == "type"


@pytest.mark.parametrize("kid", [None, "", 1, ["k1"], {"k1": 1}, "unknown", "../k1", "k1' OR '1'='1"])
def test_a2_a_token_without_a_known_key_id_is_refused(kid: Any) -> None:
    forged = f"{part({'alg': 'ES384', 'kid': kid, 'typ': 'JWT'})}.{part(claims())}.{part(b'x')}"

    assert why(forged) == "key"


@pytest.mark.parametrize(
    ("claim", "values"),
    [
        ("iss", [None, 1, ["https://ehr.example"]]),
        ("aud", [None, 1, {}, [], [1]]),
        ("iat", [None, "1000", True, 1e308, [1], 10**400, -(10**400), math.nan, math.inf]),
        ("exp", [None, "1300", True, -1e308, 10**400, -(10**400), math.nan, math.inf, -math.inf]),
        ("nbf", ["1000", True, {}, 10**400, -(10**400), math.nan, -math.inf, None]),
        ("jti", [None, "", 1, ["t1"], "x" * 1_001]),
    ],
)
def test_a2_a_claim_that_is_missing_or_of_another_kind_is_refused(claim: str, values: list[Any]) -> None:
    assert values
    for value in values:
        said = {name: one for name, one in {**claims(), claim: value}.items() if one is not None or claim == "nbf"}
        token = _raw({"alg": "ES384", "kid": "k1", "typ": "JWT"}, json.dumps(said).encode())

        assert why(token) == {"iss": "issuer", "aud": "audience"}.get(claim, "claims")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400), 2**63, NOW, NOW + 300])
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from([ISSUER, "https://other.example", f"{BASE}/cds-services", "ES384", "k1", "JWT", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from(["iss", "aud", "iat", "exp", "nbf", "jti", "tenant"]), JSON, min_size=1, max_size=4),
    st.dictionaries(st.sampled_from(["alg", "kid", "typ", "jku", "crit"]), JSON, max_size=1),
)
@settings(deadline=None)
def test_a7_whatever_stands_in_a_token_it_is_refused_and_nothing_else_goes_wrong(said: dict[str, Any], header: dict[str, Any]) -> None:
    """Else a failure would tell a configured issuer from any other."""
    token = ".".join(map(part, (dict[str, Any](alg="ES384", kid="k1", typ="JWT") | header, claims() | said, b"forged" * 16)))

    with pytest.raises(Refused):
        verifier().verify([f"Bearer {token}"], DISCOVERY, NOW)


@pytest.mark.parametrize("text", [b'{"exp": NaN}', b'{"iss": "a", "iss": "b"}', b"[]", b"1", b"", b"\xff", b"{", b"[" * 3_000])
def test_a2_claims_that_are_no_plain_object_are_refused(text: bytes) -> None:
    assert why(_raw({"alg": "ES384", "kid": "k1", "typ": "JWT"}, text)) in ("malformed", "issuer")


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c.d", "a.b.c.d.e", "a..c", "a.b.", "a b.c.d", "é.b.c", "x" * 8_193, "e30.e30.=="])
def test_a2_what_is_not_three_parts_is_refused(token: str) -> None:
    assert why(token) == "malformed"


@pytest.mark.parametrize("field", [{"crit": ["exp"]}, {"b64": False}, {"zip": "DEF"}, {"enc": "A128GCM"}])
def test_a2_a_header_that_changes_how_a_token_is_read_is_refused(field: dict[str, Any]) -> None:
    assert why(_raw({"alg": "ES384", "kid": "k1", "typ": "JWT", **field}, json.dumps(claims()).encode())) == "malformed"


# --- A3: the address --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [DISCOVERY, SERVICE, f"{SERVICE}/feedback"])
@pytest.mark.parametrize("as_list", [False, True])
def test_a3_the_audience_is_the_endpoint_called(path: str, *, as_list: bool) -> None:
    audience = f"{BASE}{path}"
    token = signed(claims(aud=[audience, "https://other.example"] if as_list else audience))

    assert believed(token, path=path) == Caller(ISSUER)


@pytest.mark.parametrize(
    "audience",
    [
        f"{BASE}/cds-services/",
        BASE,
        f"{BASE}{SERVICE}",
        f"{BASE}/cds-services?x",
        "http://cds.example/cds-services",
        "https://CDS.example/cds-services",
        "https://cds.example:443/cds-services",
        "https://evil.example/cds-services",
        "/cds-services",
        "",
        [[f"{BASE}/cds-services"]],
    ],
)
def test_a3_any_other_audience_is_refused(audience: Any) -> None:
    assert why(_raw({"alg": "ES384", "kid": "k1", "typ": "JWT"}, json.dumps({**claims(), "aud": audience}).encode())) == "audience"


# --- A4: the algorithm ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "HS256", "HS384", "HS512", "ES256", "ES512", "RS256", "PS384", "EdDSA", None, ""]
)
def test_a4_every_other_algorithm_is_refused(algorithm: Any) -> None:
    header = {"alg": algorithm, "kid": "k1", "typ": "JWT"}

    assert why(f"{part(header)}.{part(claims())}.{part(b'x')}") == "algorithm"


def test_a4_none_without_a_signature_is_refused() -> None:
    assert why(f"{part({'alg': 'none', 'kid': 'k1', 'typ': 'JWT'})}.{part(claims())}.") == "malformed"


def test_a4_a_public_key_used_as_a_shared_secret_is_refused() -> None:
    pem = rsa_key("ehr").public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    body = f"{part({'alg': 'HS384', 'kid': 'r1', 'typ': 'JWT'})}.{part(claims())}"
    forged = f"{body}.{part(hmac.new(pem, body.encode(), hashlib.sha384).digest())}"

    assert why(forged) == "algorithm"


def test_a4_the_algorithms_are_pinned_for_each_issuer() -> None:
    token = signed(claims(), rsa_key("ehr"), "RS384", kid="r1")

    assert believed(token) == Caller(ISSUER)
    assert why(token, attrs.evolve(CONFIGURED, algorithms=("ES384",))) == "algorithm"


def test_a4_a_key_is_used_only_with_its_own_algorithm() -> None:
    assert why(signed(claims(), rsa_key("ehr"), "RS384", kid="k1")) == "algorithm"
    assert why(signed(claims(), kid="r1")) == "algorithm"


# --- A5: issuers, keys, and keys that a token brings along --------------------------------------------------------------


@pytest.mark.parametrize("iss", ["https://ehr.example/", "https://EHR.example", "http://ehr.example", "https://evil.example", "", " "])
def test_a5_an_issuer_that_is_not_configured_is_refused(iss: str) -> None:
    assert why(signed(claims(iss=iss))) == "issuer"


def test_a5_a_key_of_one_issuer_does_not_sign_for_another() -> None:
    other = Issuer("https://other.example", keys=(public(ec_key("other"), "k1"),))
    both = Verifier([CONFIGURED, other], BASE, Seen())

    with pytest.raises(Refused, match="signature"):
        both.verify([f"Bearer {signed(claims(), ec_key('other'))}"], DISCOVERY, NOW)
    assert both.verify([f"Bearer {signed(claims(iss=other.iss), ec_key('other'))}"], DISCOVERY, NOW) == Caller(other.iss)


@pytest.mark.parametrize("kid", ["k1", "evil"])
def test_a5_a_key_that_the_token_brings_along_is_not_looked_at(kid: str) -> None:
    evil = ec_key("evil")
    brought: dict[str, Any] = {"jwk": public(evil, kid), "x5c": ["MIIB"], "x5u": "https://evil.example/x.pem", "x5t": "abc"}

    assert why(signed(claims(), evil, kid=kid, **brought)) == ("signature" if kid == "k1" else "key")


def test_a5_a_good_token_may_carry_headers_that_are_not_looked_at() -> None:
    assert believed(signed(claims(), jwk=public(ec_key("evil"), "k1"), x5u="https://evil.example")) == Caller(ISSUER)


def test_a5_the_address_of_keys_is_compared_and_never_followed() -> None:
    there = Published(k1=ec_key("evil"))
    strict = Verifier([attrs.evolve(CONFIGURED, jku=("https://ehr.example/keys",))], BASE, Seen(), fetched=there)
    for address in ("https://evil.example/keys", "https://ehr.example/keys/", "http://ehr.example/keys", "file:///etc/passwd", 1, None):
        token = _raw({"alg": "ES384", "kid": "k1", "typ": "JWT", "jku": address}, json.dumps(claims()).encode())
        with pytest.raises(Refused, match="key address"):
            strict.verify([f"Bearer {token}"], DISCOVERY, NOW)

    assert strict.verify([f"Bearer {signed(claims(), jku='https://ehr.example/keys')}"], DISCOVERY, NOW) == Caller(ISSUER)
    assert strict.verify([f"Bearer {signed(claims(jti='t2'))}"], DISCOVERY, NOW) == Caller(ISSUER)
    assert there.asked == 0


# --- A5: keys that are fetched ------------------------------------------------------------------------------------------


class Published:
    """A key set at an address that counts who asks."""

    def __init__(self, **keys: Any) -> None:
        self.keys, self.asked, self.down = keys, 0, False

    def __call__(self, url: str) -> bytes:
        assert url == "https://ehr.example/keys"
        self.asked += 1
        if self.down:
            raise OSError
        return json.dumps({"keys": [public(key, kid) for kid, key in self.keys.items()]}).encode()


@pytest.fixture
def published() -> tuple[Published, Callable[[str, Any, float], str]]:
    there = Published(k1=ec_key("ehr"))
    one = Verifier([Issuer(ISSUER, jku=("https://ehr.example/keys",), fetch=True)], BASE, Seen(), fetched=there)

    def said(kid: str, key: Any, now: float) -> str:
        try:
            one.verify([f"Bearer {signed(claims(now=now, jti=f'{now}{kid}'), key, kid=kid)}"], DISCOVERY, now)
        except Refused as refused:
            return refused.why
        return "believed"

    return there, said


def test_a5_fetched_keys_are_kept_for_an_hour(published: tuple[Published, Callable[[str, Any, float], str]]) -> None:
    there, said = published

    assert ["believed"] * 3 == [said("k1", ec_key("ehr"), now) for now in (1_000, 1_100, 4_500)]
    assert there.asked == 1
    assert said("k1", ec_key("ehr"), 4_700) == "believed"
    assert there.asked == 2


def test_a5_an_unknown_key_id_fetches_again_but_not_more_than_once_a_minute(
    published: tuple[Published, Callable[[str, Any, float], str]],
) -> None:
    there, said = published
    assert ["key"] * 20 == [said("k2", ec_key("new"), 1_000 + second) for second in range(20)]
    assert there.asked == 1
    there.keys = {"k2": ec_key("new")}

    assert said("k2", ec_key("new"), 1_061) == "believed"
    assert said("k1", ec_key("ehr"), 1_062) == "key"
    assert there.asked == 2


def test_a5_keys_survive_an_outage_for_a_day_and_no_longer(published: tuple[Published, Callable[[str, Any, float], str]]) -> None:
    there, said = published
    assert said("k1", ec_key("ehr"), 1_000) == "believed"
    there.down = True

    assert said("k1", ec_key("ehr"), 80_000) == "believed"
    assert said("k1", ec_key("ehr"), 90_000) == "key"


def test_a5_keys_are_fetched_again_and_forgotten_though_the_clock_went_back(
    published: tuple[Published, Callable[[str, Any, float], str]],
) -> None:
    there, said = published
    assert said("k1", ec_key("ehr"), 1_000_000) == "believed"
    there.keys = {"k2": ec_key("new")}

    assert said("k2", ec_key("new"), 1_000) == "key"
    assert said("k2", ec_key("new"), 1_061) == "believed"
    there.down = True
    assert said("k2", ec_key("new"), 90_000) == "key"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"keys": 1}', b'{"keys": [1, {}, {"kty": "oct", "k": "AA", "kid": "k1"}]}', b"[" * 9_999]
)
def test_a5_a_key_set_that_is_none_gives_no_key(body: bytes) -> None:
    one = Verifier([Issuer(ISSUER, jku=("https://ehr.example/keys",), fetch=True)], BASE, Seen(), fetched=lambda _: body)

    with pytest.raises(Refused, match="key"):
        one.verify([f"Bearer {signed(claims())}"], DISCOVERY, NOW)


# --- A6: the order, and tokens used twice -------------------------------------------------------------------------------


def test_a6_a_fault_is_found_in_the_order_of_the_best_practice() -> None:
    issuer = attrs.evolve(CONFIGURED, tenants=("north",))
    wrong = {"iss": "https://evil.example", "aud": "x", "exp": 1, "iat": 0, "tenant": "south", "jti": ""}
    right = claims(tenant="north")
    found = []
    for claim in ("iss", "aud", "exp", "tenant", "jti"):
        said = {**right, **wrong}
        found.append(why(signed(said, ec_key("evil")), issuer))
        wrong.pop(claim)
        if claim == "exp":
            wrong.pop("iat")
    found.append(why(signed(claims(tenant="north"), ec_key("evil")), issuer))

    assert found == ["issuer", "audience", "expired", "tenant", "signature", "signature"]
    assert why(signed(claims(tenant="north", jti="")), issuer) == "claims"


def test_a6_a_token_is_believed_once() -> None:
    one, token = verifier(), signed(claims())
    one.verify([f"Bearer {token}"], DISCOVERY, NOW)

    with pytest.raises(Refused, match="replayed"):
        one.verify([f"Bearer {token}"], DISCOVERY, NOW + 1)


def test_a6_a_refused_token_does_not_use_up_an_id() -> None:
    one = verifier()
    with pytest.raises(Refused, match="signature"):
        one.verify([f"Bearer {signed(claims(), ec_key('evil'))}"], DISCOVERY, NOW)

    assert one.verify([f"Bearer {signed(claims())}"], DISCOVERY, NOW) == Caller(ISSUER)


def test_a6_an_id_is_remembered_for_as_long_as_the_token_could_be_used() -> None:
    seen = Seen()
    verifier(seen=seen).verify([f"Bearer {signed(claims())}"], DISCOVERY, NOW)

    assert seen.until == {(ISSUER, "t1"): NOW + 300 + 60}


@pytest.mark.parametrize(("tenant", "answer"), [("north", "believed"), ("south", "tenant"), (None, "tenant"), (["north"], "tenant")])
def test_a6_a_tenant_is_checked_where_tenants_are_configured(tenant: Any, answer: str) -> None:
    token = _raw({"alg": "ES384", "kid": "k1", "typ": "JWT"}, json.dumps(claims(tenant=tenant)).encode())
    issuer = attrs.evolve(CONFIGURED, tenants=("north",))

    if answer == "believed":
        assert believed(token, issuer) == Caller(ISSUER, "north")
    else:
        assert why(token, issuer) == answer
    assert believed(token) == Caller(ISSUER, "")


@pytest.mark.parametrize("where", [0, 1, 2])
def test_a6_a_changed_letter_breaks_the_signature(where: int) -> None:
    parts = signed(claims(sub="a" * 30)).split(".")
    said = {**claims(sub="a" * 30), "sub": "b" * 30}
    parts[where] = [part({"alg": "ES384", "kid": "k1", "typ": "JWT", "x": 1}), part(said), part(bytes(96))][where]

    assert why(".".join(parts)) == "signature"


# --- A8: clocks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ({"iat": NOW - 300, "exp": NOW - 59}, "believed"),
        ({"iat": NOW - 300, "exp": NOW - 60}, "expired"),
        ({"iat": NOW + 60, "exp": NOW + 300}, "believed"),
        ({"iat": NOW + 61, "exp": NOW + 300}, "not yet valid"),
        ({"nbf": NOW + 60}, "believed"),
        ({"nbf": NOW + 61}, "not yet valid"),
        ({"iat": NOW, "exp": NOW + 3_600}, "believed"),
        ({"iat": NOW, "exp": NOW + 3_601}, "lifetime"),
        ({"iat": NOW, "exp": NOW + 315_360_000}, "lifetime"),
        ({"iat": NOW, "exp": NOW}, "lifetime"),
        ({"iat": NOW + 30, "exp": NOW + 10}, "lifetime"),
        ({"iat": NOW - 0.5, "exp": NOW + 299.5}, "believed"),
    ],
)
def test_a8_clocks_may_differ_by_a_minute_and_a_token_lives_an_hour_at_most(said: dict[str, Any], answer: str) -> None:
    token = signed(claims(**said))

    if answer == "believed":
        assert believed(token) == Caller(ISSUER)
    else:
        assert why(token) == answer


# --- what vendors send --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "said", "private", "algorithm"),
    [
        ({"kid": "r1"}, {"sub": "client-id", "nbf": NOW - 300, "exp": NOW + 900}, rsa_key("ehr"), "RS384"),
        ({"kid": "r1", "jku": "https://ehr.example/api/keys"}, {"exp": NOW + 900, "tenant": "t"}, rsa_key("ehr"), "RS384"),
        ({"jku": "https://sandbox.example/.well-known/jwks.json"}, {"exp": NOW + 300}, ec_key("ehr"), "ES384"),
    ],
    ids=["Epic", "Oracle", "sandbox"],
)
def test_tokens_like_those_of_known_clients_are_believed(header: Any, said: Any, private: Any, algorithm: str) -> None:
    assert believed(signed(claims(**said), private, algorithm, **header)) == Caller(ISSUER)


# --- settings -----------------------------------------------------------------------------------------------------------


def test_every_fault_of_the_issuers_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text('{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "s"}]}', encoding="utf-8")
    short = public(rsa_key("short", 1024), "r")
    private = json.loads(json.dumps({**public(ec_key("ehr"), "k"), "d": "AAAA"}))
    curve = {**public(ec_key("ehr"), "c"), "crv": "P-256"}
    issuers = [
        Issuer("a", keys=(short, private, curve, {"kty": "EC"}, {**public(ec_key("ehr"), "e"), "use": "enc"}, {"kty": ["EC"]})),
        Issuer("a", keys_file=str(tmp_path / "keys.json"), jku=("http://x.example",)),
        Issuer(" ", algorithms=(), fetch=True),
        Issuer("b"),
        Issuer("c", keys_file=str(tmp_path / "none.json"), keys=(public(ec_key("ehr"), "k"), public(ec_key("ehr"), "k"))),
        Issuer("d", keys=({**public(ec_key("ehr"), "x"), "x": "!"},)),
    ]

    with pytest.raises(SettingsError) as caught:
        Verifier(issuers, BASE, Seen())

    assert [str(fault) for fault in caught.value.faults] == [
        "issuers[0].keys[0]: is shorter than 2048 bits",
        "issuers[0].keys[1]: is a private key; give the public one, and make a new pair",
        "issuers[0].keys[2]: expected the curve P-384",
        "issuers[0].keys[3]: has no kid",
        "issuers[0].keys[4]: is not for signing with ES384",
        "issuers[0].keys[5]: expected a key of kty EC or RSA",
        "issuers[1].keys_file.keys[0]: expected a key of kty EC or RSA",
        "issuers[1].jku[0]: expected an https address",
        "issuers[1].iss: is given twice",
        "issuers[2].iss: is empty",
        "issuers[2].algorithms: names none of ES384, RS384",
        "issuers[2].fetch: needs an address in jku",
        "issuers[3]: has no keys: give keys, keys_file, or jku with fetch",
        "issuers[4].keys_file: cannot be read: No such file or directory",
        "issuers[4].keys_file.keys[1]: has the kid of another key",
        "issuers[4].keys_file: stands beside keys: give one of them",
        "issuers[5].keys[0]: cannot be read as a key",
    ]


# --- the fetch itself ----------------------------------------------------------------------------------------------------


@pytest.fixture
def https(tmp_path: Path) -> Iterator[tuple[str, ssl.SSLContext]]:
    """A server with a certificate of its own, and a context that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    day = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(day - timedelta(days=1))
        .not_valid_after(day + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "pair.pem").write_bytes(private + pem)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302 if self.path == "/elsewhere" else 200)
            self.send_header("Location", "/keys")
            self.end_headers()
            self.wfile.write(b"x" * 70_000 if self.path == "/long" else b'{"keys": []}')

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(tmp_path / "pair.pem")
    server.socket = served.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    trusting = ssl.create_default_context(cadata=pem.decode())
    yield f"https://127.0.0.1:{server.server_port}", trusting
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_key_set_is_fetched_over_tls(https: tuple[str, ssl.SSLContext]) -> None:
    address, trusting = https

    assert fetch(f"{address}/keys", trusting) == b'{"keys": []}'


def test_a_redirect_a_long_answer_and_an_unknown_certificate_are_not_accepted(https: tuple[str, ssl.SSLContext]) -> None:
    address, trusting = https
    for path, context in (("/elsewhere", trusting), ("/long", trusting), ("/keys", None)):
        with pytest.raises(OSError, match=r"302|too long|CERTIFICATE") as refused:
            fetch(address + path, context)
        getattr(refused.value, "close", lambda: None)()


@pytest.mark.parametrize("address", ["http://127.0.0.1/x", "file:///etc/passwd", "ftp://x/y", "HTTPS://x"])
def test_only_https_is_fetched(address: str) -> None:
    with pytest.raises(OSError, match="not an https address"):
        fetch(address)


def _raw(header: dict[str, Any], text: bytes) -> str:
    """A token rightly signed over whatever it says."""
    import jwt.api_jws

    kept = {name: value for name, value in header.items() if name not in ("crit", "b64", "zip", "enc")}
    if kept != header:
        body = f"{part(header)}.{part(text)}"
        return f"{body}.{part(b'unsigned')}"
    return jwt.api_jws.encode(text, ec_key("ehr"), "ES384", headers=header)
