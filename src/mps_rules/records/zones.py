"""
Where a chart is kept decides which day it is there: instants become days in a named time zone, never in UTC for want of one.

A zone has its IANA name (``Europe/London``); an empty name is the machine's own.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, available_timezones

from mps_rules.errors import Fault, closest


def moment(seconds: float, zone: str) -> datetime:
    """
    A time, given in seconds since 1970, as the clocks of a zone show it.

    >>> moment(1_772_398_800, "Australia/Sydney").isoformat()
    '2026-03-02T08:00:00+11:00'
    """
    return datetime.fromtimestamp(seconds, UTC).astimezone(ZoneInfo(zone) if zone else None)


def midnight(day: date, zone: str) -> datetime:
    """
    When a day begins in a zone.

    >>> midnight(date(2026, 3, 2), "Australia/Sydney").isoformat()
    '2026-03-02T00:00:00+11:00'
    """
    begins = datetime.combine(day, time())
    return begins.replace(tzinfo=ZoneInfo(zone)) if zone else begins.astimezone()


def zone_faults(zone: str, where: str) -> Iterator[Fault]:
    """
    Whether a zone is known.

    >>> [str(fault) for fault in zone_faults("Europe/Londn", "time_zone")]
    ["time_zone: no time zone 'Europe/Londn'; closest is 'Europe/London'"]
    """
    try:
        ZoneInfo(zone or "UTC")
    except (KeyError, ValueError, OSError):  # unknown, no name at all, a folder of zones
        yield Fault(where, f"no time zone {zone!r}", closest(zone, available_timezones()))
