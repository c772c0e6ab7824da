"""
How the service is set up: read strictly from one YAML file, with every fault at once. What is not said is safe on one's own machine.

No secret stands here but, perhaps, the password within the address of a database; messages do not repeat it.
"""

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

import attrs

from mps_rules.errors import Fault, SettingsError, closest
from mps_rules.language.reading import Document, Unreadable, read_yaml, text_of
from mps_rules.language.structure import structure
from mps_rules.records.zones import zone_faults
from mps_rules.service.cds_hooks import SERVICES, Config
from mps_rules.service.tokens import Issuer

_ORIGIN = re.compile(r"https?://[a-z0-9.\[\]:-]+")
READS = ("Patient", "Condition", "Observation", "QuestionnaireResponse", "MedicationRequest", "Procedure")
"""Kinds of resources that an app asks the record for, where the settings do not say otherwise."""
Written: TypeAlias = Literal["DocumentReference", "QuestionnaireResponse"]


def _setting(default: Any, meaning: str) -> Any:
    return attrs.field(default=default, metadata={"meaning": meaning})


@attrs.frozen
class Smart:
    """
    How the page is opened by a record (SMART App Launch): a public client with PKCE, whose token stays in the browser.

    >>> smart = Smart("mps-rules", ("https://ehr.example/fhir",), writes=("DocumentReference",))
    >>> smart.scope("launch").split()[0], smart.scope("launch").split()[-1]
    ('launch', 'patient/DocumentReference.c')

    Args:
        client_id: as the record has registered the app; no secret.
        iss: the FHIR servers that may open it, to the letter; any other is refused.
        scopes: what it asks leave for, without `launch` and without writing.
        writes: what it may put into the record, and only when the user asks: `DocumentReference` (the note), `QuestionnaireResponse` (the answers).
        connect: further origins that the browser may ask: where a record gives out tokens, if that is another origin than its `iss`.
        frame_ancestors: origins that may show the app within a frame; empty: none.

    """

    client_id: str
    iss: tuple[str, ...]
    scopes: tuple[str, ...] = ("openid", "fhirUser", *(f"patient/{kind}.rs" for kind in READS))
    writes: tuple[Written, ...] = ()
    connect: tuple[str, ...] = ()
    frame_ancestors: tuple[str, ...] = ()

    def scope(self, launch: Literal["launch", "launch/patient"]) -> str:
        """What is asked for when a record opens the app, or when the app asks the record for a patient; in the older manner where `scopes` are."""
        create = "write" if any(scope.endswith(".read") for scope in self.scopes) else "c"
        return " ".join((launch, *self.scopes, *(f"patient/{kind}.{create}" for kind in self.writes)))

    def origins(self) -> tuple[str, ...]:
        """Where the browser may ask."""
        return tuple(dict.fromkeys((*map(origin_of, self.iss), *self.connect)))


@attrs.frozen
class Settings:
    """
    The settings of a service; each has a default.

    >>> settings = Settings()
    >>> settings.host, settings.port, settings.issuers
    ('127.0.0.1', 8080, ())
    """

    host: str = _setting("127.0.0.1", "where to listen; anything but this machine needs `issuers`")
    port: int = _setting(8080, "the port; 0 takes a free one")
    workers: int = _setting(1, "processes, each with the rules in memory; they share the store")
    base_url: str = _setting("", "the public address, without `/cds-services`, as callers know it; tokens must be for it")
    issuers: tuple[Issuer, ...] = _setting((), "who may call; empty: anybody who reaches the port")
    open_to_all: bool = _setting(
        False, "listen elsewhere than on this machine without `issuers`: only where something else keeps callers out"
    )
    time_zone: str = _setting(
        "", "where the charts are kept, as `Europe/London`: its day is the day on which a chart is read; empty: this machine's own"
    )
    clock_leeway: int = _setting(60, "seconds by which clocks may differ, at most 60")
    longest_token: int = _setting(3_600, "the longest life of a token in seconds, at most an hour")
    services: tuple[str, ...] = _setting(Config().services, "the services offered, by id")
    label: str = _setting(Config().label, "the name under which cards are shown")
    url: str = _setting(Config().url, "where the rules are described; cards link to it")
    page: bool | None = _setting(
        None, "the page for clinicians at `/page/`, which asks nobody who they are; left out, it is there only without `issuers`"
    )
    smart: Smart | None = attrs.field(
        default=None,
        metadata={
            "meaning": "the page opened by a record on its patient, at `/smart/launch` ([smart.md](smart.md)); left out, there is no such address"
        },
    )
    rules: tuple[str, ...] = _setting((), "folders of rules, laid on top of each other; empty: the packaged rules")
    store: str = _setting("sqlite:///mps-rules.sqlite", "where records are kept: `sqlite:///file` or `postgresql+psycopg://...`")
    comments: bool = _setting(False, "keep the free text of feedback; it may name a person")
    proxies: tuple[str, ...] = _setting(
        (),
        "addresses of proxies in front, whose word (`X-Forwarded-For`) on who calls is believed; without it all callers behind a proxy are one",
    )
    origins: tuple[str, ...] = _setting((), "web pages that may call from a browser, to the letter: `https://ehr.example`")
    metrics: bool = _setting(False, "answer `/metrics` for Prometheus; keep it from the public; for one worker")
    largest_body: int = _setting(4_000_000, "bytes of a request, a chart of some thousand entries; more is 413")
    body_seconds: float = _setting(10.0, "how long a request may take to arrive; longer is 408")
    answer_seconds: float = _setting(10.0, "how long an answer may take; longer is 503")
    threads: int = _setting(2, "requests worked on together in each worker")
    waiting: int = _setting(32, "requests accepted together in each worker, those worked on included; more is 503")
    connections: int = _setting(256, "connections open together in each worker")
    remembered: int = _setting(256, "answers kept in memory for a request that comes again the same day; 0: none")
    shutdown_seconds: int = _setting(20, "how long running requests may take to finish when the service is stopped")

    def config(self) -> Config:
        """What the hooks have to know of it."""
        page = f"{self.base_url}/page/" if self.base_url and self.has_page() else ""
        return Config(self.label, self.url, page, self.services, f"{self.base_url}/smart/launch" if self.base_url and self.smart else "")

    def has_page(self) -> bool:
        """Whether the page is served."""
        return not self.issuers if self.page is None else self.page

    def is_local(self) -> bool:
        """Whether it listens to this machine only."""
        return is_loopback(self.host)


def read_settings(path: Path | None) -> Settings:
    """
    The settings of a YAML file; without one, the defaults.

    >>> read_settings(None) == Settings()
    True

    Raises:
        SettingsError: every fault of the file, with its line, and the closest known word.

    """
    if path is None:
        return Settings()
    try:
        document = read_yaml(text_of(path, str(path)), str(path))
    except Unreadable as error:
        raise SettingsError(error.faults) from None
    given = {} if document.data is None else document.data
    sound, faults = _sound(given, document) if isinstance(given, Mapping) else (given, [])
    settings, more = structure(sound, Settings, document.place)
    faults += more
    for fault in settings_faults(settings) if settings else ():
        within = _path(fault.where)
        if within[0] in sound or within[0] not in given:
            faults.append(attrs.evolve(fault, where=document.place(within)))
    if faults or settings is None:
        raise SettingsError(faults)
    return settings


def _sound(given: Mapping[Any, Any], document: Document) -> tuple[dict[Any, Any], list[Fault]]:
    """The settings that have the right name and kind, and the faults of the others."""
    sound, faults = {}, []
    for name, value in given.items():
        _, own = structure({name: value}, Settings, document.place)
        faults += own
        if not own:
            sound[name] = value
    return sound, faults


def _path(where: str) -> tuple[str | int, ...]:
    return tuple(int(part) if part.isdigit() else part for part in re.findall(r"[^.\[\]]+", where))


_BOUNDS: dict[str, tuple[float, float]] = {
    "port": (0, 65_535),
    "workers": (1, 64),
    "clock_leeway": (0, 60),
    "longest_token": (60, 3_600),
    "largest_body": (1_000, 64_000_000),
    "body_seconds": (0.1, 300),
    "answer_seconds": (0.1, 300),
    "threads": (1, 64),
    "waiting": (1, 10_000),
    "connections": (1, 100_000),
    "remembered": (0, 100_000),
    "shutdown_seconds": (1, 600),
}


def settings_faults(settings: Settings) -> Iterator[Fault]:
    """
    What does not hold together.

    >>> [str(fault) for fault in settings_faults(Settings(origins=("*",)))]
    ['origins[0]: expected an origin such as https://ehr.example, to the letter']
    """
    for name, (least, most) in _BOUNDS.items():
        if not least <= getattr(settings, name) <= most:
            yield Fault(name, f"expected {least:g} to {most:g}")
    yield from zone_faults(settings.time_zone, "time_zone")
    for number, one in enumerate(settings.services):
        if one not in SERVICES:
            yield Fault(f"services[{number}]", f"no service {one!r}", closest(one, SERVICES))
    for number, origin in enumerate(settings.origins):
        if not _ORIGIN.fullmatch(origin):
            yield Fault(f"origins[{number}]", "expected an origin such as https://ehr.example, to the letter")
    for number, proxy in enumerate(settings.proxies):
        if not _is_network(proxy):
            yield Fault(f"proxies[{number}]", "expected an address or a network, such as 127.0.0.1 or 10.1.0.0/16")
    base = urlsplit(settings.base_url)
    if settings.issuers and not settings.base_url:
        yield Fault("base_url", "is missing: tokens are for this address")
    elif settings.base_url and (base.scheme not in ("https", "http") or not base.hostname or base.query or base.fragment):
        yield Fault("base_url", "expected an address such as https://cds.example/mps")
    elif base.scheme == "http" and not is_loopback(base.hostname or ""):
        yield Fault("base_url", "expected https: charts do not travel in the open")
    elif base.path.rstrip("/").endswith("/cds-services"):
        yield Fault("base_url", "expected the address without /cds-services")
    if settings.smart:
        yield from _smart_faults(settings.smart)
    if settings.metrics and settings.workers > 1:
        yield Fault("metrics", "each worker would count for itself: run one worker, and several services")


def _smart_faults(smart: Smart) -> Iterator[Fault]:
    if not smart.client_id.strip():
        yield Fault("smart.client_id", "is empty")
    if not smart.iss:
        yield Fault("smart.iss", "is empty: name the FHIR servers that may open the app")
    for number, iss in enumerate(smart.iss):
        parts = urlsplit(iss)
        if not _ORIGIN.fullmatch(origin_of(iss)) or parts.query or parts.fragment or re.search(r"\s", iss):
            yield Fault(f"smart.iss[{number}]", "expected the address of a FHIR server, such as https://ehr.example/fhir")
        elif parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            yield Fault(f"smart.iss[{number}]", "expected https: charts do not travel in the open")
    for number, scope in enumerate(smart.scopes):
        if not re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]+", scope):
            yield Fault(f"smart.scopes[{number}]", "expected one scope, such as patient/Condition.rs")
    for name in ("connect", "frame_ancestors"):
        for number, origin in enumerate(getattr(smart, name)):
            if not _ORIGIN.fullmatch(origin):
                yield Fault(f"smart.{name}[{number}]", "expected an origin such as https://ehr.example, to the letter")


def origin_of(address: str) -> str:
    """
    Scheme and host of an address.

    >>> origin_of("https://ehr.example:8443/fhir")
    'https://ehr.example:8443'
    """
    return "/".join(address.split("/", 3)[:3])


def bind_faults(settings: Settings) -> Iterator[Fault]:
    """Whether anybody could call who should not."""
    if not (settings.is_local() or settings.issuers or settings.open_to_all):
        yield Fault("host", "listens beyond this machine, and anybody could call: configure issuers, or say open_to_all: true")


def _is_network(given: str) -> bool:
    try:
        return bool(ip_network(given))
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """
    Whether a host is this machine.

    >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "cds.example")]
    [True, True, True, False, False]
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def reference() -> str:
    """
    The settings as a Markdown table: name, default, meaning.

    >>> reference().splitlines()[3]
    '| `port` | `8080` | the port; 0 takes a free one |'
    """
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for cls, start in ((Settings, ""), (Issuer, "issuers[]. "), (Smart, "smart. ")):
        for field in attrs.fields(cls):
            meaning = field.metadata.get("meaning") or _described(cls, field.name)
            rows.append(f"| `{start.strip()}{field.name}` | {_default(field.default)} | {meaning} |")
    return "\n".join(rows)


def _default(value: Any) -> str:
    if value is attrs.NOTHING:
        return "needed"
    if value == Config().services:
        return "all"
    if value in ((), ""):
        return "empty"
    if value is None:
        return "left out"
    return f"`{', '.join(value) if isinstance(value, tuple) else str(value).lower() if isinstance(value, bool) else value}`"


def _described(cls: type, name: str) -> str:
    found = re.search(rf"^ +{name}: (.+?)$", cls.__doc__ or "", re.MULTILINE)
    return found[1].rstrip(".").replace("``", "`") if found else ""
