"""Where products of other makers keep the date of their definitions on Windows (windows.md 2.6).

A date is read where its form leaves no doubt. What is not there is not there (None): then the product's word in Windows
Security Center counts. What is there and cannot be read is Unseen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from scorecard.model import Fact, Observations, Seen, Unseen
from scorecard.reading import clean
from scorecard.windows_answers import Key, file_texts, registry

_FILES: Mapping[str, str] = {
    "avast": "%ProgramFiles%/Avast Software/Avast/defs/aswdefs.ini",
    "avg": "%ProgramFiles%/AVG/Antivirus/defs/aswdefs.ini",
    "bitdefender": "%ProgramFiles%/Bitdefender/Endpoint Security/update_statistics.xml",
    "malwarebytes": "%ProgramData%/Malwarebytes/MBAMService/config/UpdateControllerConfig.json",
    "vipre": "%ProgramFiles%/VIPRE Business Agent/Definitions/DefVer.txt",
}
_VALUES: Mapping[str, tuple[str, str]] = {
    "eset": ("antivirus.eset", "ScannerVersion"),
    "sophos": ("antivirus.sophos", "VirusDataVersion"),
    "symantec": ("antivirus.symantec", "LatestVirusDefsDate"),
}
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


def definitions_date(product: str, observations: Observations) -> Fact[datetime | None]:
    """None: the product keeps no such date here, or none is known of it."""
    if product in _FILES:
        return _from_file(product, observations)
    if product in _VALUES:
        part, name = _VALUES[product]
        key = registry(observations, part)
        return _told(product, _from_value(key.value, name, _READERS[product]) if isinstance(key, Seen) else key)
    if product == "withsecure":
        key = registry(observations, "antivirus.withsecure")
        return _told(product, _newest_child(key.value) if isinstance(key, Seen) else key)
    return Seen(None)


def _told(product: str, found: Fact[datetime | None]) -> Fact[datetime | None]:
    return (
        Unseen(f"The date of the definitions ({product}) was not read: {found.reason}")
        if isinstance(found, Unseen)
        else found
    )


def _from_file(product: str, observations: Observations) -> Fact[datetime | None]:
    files = file_texts(observations, "antivirus.definition-files")
    if isinstance(files, Unseen):
        return _told(product, files)
    text = files.value.get(_FILES[product].lower(), Unseen("The file was not looked for"))
    if isinstance(text, Unseen):
        return _told(product, text)
    return Seen(None) if text.value is None else _told(product, _one(_READERS[product](text.value[:40_000])))


def _from_value(key: Key, name: str, read: Callable[[str], Iterable[datetime | None]]) -> Fact[datetime | None]:
    if isinstance(key.exists, Unseen):
        return key.exists
    value = key.values.text(name) if key.exists.value else Seen(None)
    if isinstance(value, Unseen) and isinstance(number := key.values.number(name), Seen):
        value = Seen(str(number.value))
    if isinstance(value, Unseen):
        return value
    return Seen(None) if not value.value else _one(read(value.value))


def _one(found: Iterable[datetime | None]) -> Fact[datetime | None]:
    """The one date in it; none that can be read, or several, is no answer."""
    dates = set(found)
    if len(dates) == 1 and (date := dates.pop()) is not None:
        return Seen(date)
    return Unseen("there is no date in it that can be read")


def _newest_child(key: Key) -> Fact[datetime | None]:
    """Sub-keys of the engines are named by the second of each update."""
    if isinstance(key.exists, Unseen):
        return key.exists
    if not key.exists.value:
        return Seen(None)
    engines = key.children().values()
    if key.capped or any(engine.capped for engine in engines):
        return Unseen("there are more updates than could be named")
    names = [name for engine in engines for name in engine.children()]
    dates = [date for name in names if (date := _seconds(name)) is not None]
    return Seen(max(dates)) if dates else Unseen("there is no date in it that can be read")


def _seconds(text: str) -> datetime | None:
    return datetime.fromtimestamp(int(text), UTC) if re.fullmatch(r"[0-9]{9,10}", text) else None


def _date(text: str, pattern: str) -> datetime | None:
    try:
        date = datetime.strptime(text, pattern).replace(tzinfo=UTC)
    except ValueError:
        return None
    return date if _FIRST_YEAR <= date.year <= _LAST_YEAR else None


def _hours(text: str) -> Iterable[datetime | None]:
    """`yyMMddHH`."""
    return [_date(word, "%y%m%d%H") for word in re.findall(r"(?<![0-9])[0-9]{8}(?![0-9])", text)]


def _update_times(text: str) -> Iterable[datetime | None]:
    """`<Antivirus> … <Update succtime="1795161600" …`, as attribute or element."""
    lowered = text.lower()
    start = lowered.find("<antivirus")
    end = lowered.find("</antivirus", start)
    inside = lowered[start:end] if 0 <= start < end else ""
    return [_seconds(word) for word in re.findall(r"succtime\W{1,4}([0-9]{9,10})(?![0-9])", inside)]


def _published(text: str) -> Iterable[datetime | None]:
    """Not all of it is JSON: a line stands before it."""
    return [_seconds(word) for word in re.findall(r'"db_pub_date"\s{0,4}:\s{0,4}"?([0-9]{9,10})(?![0-9])', text)]


def _bracketed(text: str) -> Iterable[datetime | None]:
    """`31245 (20261119)`."""
    return [_date(word, "%Y%m%d") for word in re.findall(r"\(([0-9]{8})\)", text)]


def _stamp(text: str) -> Iterable[datetime | None]:
    """`yyyyMMddHH`."""
    return [_date(clean(text), "%Y%m%d%H")] if re.fullmatch(r"[0-9]{10}", clean(text)) else []


def _days(text: str) -> Iterable[datetime | None]:
    """Year, month, day; other orders cannot be told apart."""
    return [_date("".join(parts), "%Y%m%d") for parts in re.findall(r"\b(20[0-9]{2})-?([0-9]{2})-?([0-9]{2})\b", text)]


_READERS: Mapping[str, Callable[[str], Iterable[datetime | None]]] = {
    "avast": _hours,
    "avg": _hours,
    "bitdefender": _update_times,
    "malwarebytes": _published,
    "vipre": _days,
    "eset": _bracketed,
    "sophos": _stamp,
    "symantec": _days,
}
