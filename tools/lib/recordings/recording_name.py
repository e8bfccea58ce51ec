"""Parse the name of a recording: its stem, site and time.

| recorder | name | site | time |
|---|---|---|---|
| Orcasound | rpi_orcasound_lab_1562337136_0004 | orcasound_lab | seconds since 1970, UTC |
| AMAR of JASCO | AMAR173.4.20190916T061248Z | AMAR173 | UTC, as the Z says |
| SoundTrap | 5066.190705140000 | SoundTrap5066 | YYMMDDHHMMSS, in the zone set on the device |
| AudioMoth | 5D1F5E30 | none | seconds since 1970, UTC, in hexadecimal digits |
| any other | ..._20190705_140000, 20190705T140000Z, 190705-140000 | none | no zone, unless Z, +0200 or so follows |

Song Meters of Wildlife Acoustics write a $ between date and time if GPS has set their clock. AMAR and SoundTrap give
the instrument instead of the site. Unless the instrument is moved, this groups recordings as well as a site does.
"""

import re
import unicodedata
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import PureWindowsPath
from typing import NamedTuple

from stages.lib.tables.clips import FOLDER_MARK

# Suffixes of recordings, including formats that libsndfile cannot read: an annotator may have other copies.
SUFFIX = re.compile(
    r"\.(aac|aifc?|aiff|au|caf|flac|m4a|mp[34]|og[ag]|opus|rf64|snd|w64|wac|(x\.)?wav|wave|wma|wv)$", re.IGNORECASE
)
# Endings that programs add to the name of a recording in the name of its annotation file.
TABLE_ENDING = re.compile(
    r"(\.Table\.\d+)?(\.selections?)?$|\.BirdNET(\.selection\.table|\.results)?$|\.R$", re.IGNORECASE
)
TRACK_ENDING = re.compile(r"(^|[ _.-]+)(label[ _-]?track|labels?|annotations?)[ _-]*\d*$", re.IGNORECASE)

ORCASOUND = re.compile(r"(?:rpi[_-])?(?P<site>[a-z][a-z_-]*[a-z])[_-](?P<epoch>1\d{9})(?!\d)")
AMAR = re.compile(r"(?P<site>AMAR\d+)\.(?:.*\.)?(?P<time>\d{8}T\d{6})Z")
SOUNDTRAP = re.compile(r"(?P<serial>\d{3,})\.(?P<time>\d{12})(?!\d)")
# With a letter, because eight decimal digits are more likely a date; from 2011, before the first AudioMoth, to 2038.
AUDIOMOTH = re.compile(r"(?=.*[A-F])[4-7][0-9A-F]{7}")
AUDIOMOTH_SPAN = range(0x4E000000, 0x80000000)
PLAIN = re.compile(
    r"(?<!\d)(?P<date>(?:\d\d)?\d\d([-_]?)\d\d\2\d\d)(?P<between>[T_$ -]|_\$)(?P<time>\d\d([-_:.]?)\d\d\5\d\d)"
    r"(?P<fraction>[._,]\d{1,6}(?=Z|[+-]\d\d|$|[_. -]))?_?(?P<zone>Z|[+-]\d\d:?\d\d)?(?!\d)"
)


class Origin(NamedTuple):
    """Where and when a recording was made: a site, and a time in ISO 8601 or as annotated; empty if unknown."""

    site: str = ""
    began: str = ""

    def or_else(self, other: "Origin") -> "Origin":
        """Return this origin, with what it lacks taken from another."""
        return Origin(self.site or other.site, self.began or other.began)


def parts_of(name: str) -> tuple[str, ...]:
    """Return the folders and the name in a path from any system, with accents normalised.

    The drive, the root, `.` and `..` are dropped: they mean nothing on another machine.
    """
    path = PureWindowsPath(unicodedata.normalize("NFC", name))
    return tuple(part for part in path.parts if part not in (path.anchor, ".", ".."))


@cache  # A recording has many annotations.
def stem(name: str) -> str:
    """Return the name of a recording without folders and suffix, from any system, with accents normalised."""
    return SUFFIX.sub("", (parts_of(name) or ("",))[-1])


def named_after(table: str) -> str:
    """Return the recording that an annotation file is named after; empty for names such as `Labels.txt`."""
    name = re.sub(r"\.(txt|tsv|csv)$", "", table, flags=re.IGNORECASE)
    return TRACK_ENDING.sub("", TABLE_ENDING.sub("", name))


def is_named_after(table: str, recording: str) -> bool:
    """Tell whether an annotation file's name begins with the recording's name, optionally with folders and `--`."""
    *folders, _ = parts_of(recording) or ("",)
    names = (FOLDER_MARK.join([*folders[start:], stem(recording)]) for start in range(len(folders) + 1))
    return any(re.match(rf"{re.escape(name)}(?![A-Za-z0-9])", unicodedata.normalize("NFC", table)) for name in names)


def origin_of(stem: str) -> Origin:
    """Return the site and the time in the name of a recording; empty if it has none."""
    if match := ORCASOUND.match(stem):
        return Origin(match["site"].replace("-", "_"), since_1970(int(match["epoch"])))
    if match := AMAR.match(stem):
        return Origin(match["site"], parsed(match["time"], "%Y%m%dT%H%M%S", "Z"))
    if match := SOUNDTRAP.match(stem):
        return Origin(f"SoundTrap{match['serial']}", parsed(match["time"], "%y%m%d%H%M%S"))
    if AUDIOMOTH.fullmatch(stem) and int(stem, 16) in AUDIOMOTH_SPAN:
        return Origin("", since_1970(int(stem, 16)))
    for match in PLAIN.finditer(stem):
        date, time = (re.sub(r"\D", "", match[name]) for name in ("date", "time"))
        if began := parsed(date + time, f"%{'Y' if len(date) == 8 else 'y'}%m%d%H%M%S", match["zone"] or ""):
            return Origin("", began)
    return Origin()


def since_1970(seconds: int) -> str:
    """Return a time in ISO 8601, UTC."""
    return iso(datetime.fromtimestamp(seconds, UTC)) + "Z"


def parsed(text: str, form: str, zone: str = "") -> str:
    """Return a time in ISO 8601, in UTC if its zone is known; empty if it is invalid, such as month 13."""
    with suppress(ValueError):
        if zone:
            return iso(datetime.strptime(text + zone, f"{form}%z").astimezone(UTC)) + "Z"
        return iso(datetime.strptime(text, form))
    return ""


def iso(time: datetime) -> str:
    """Return a time in ISO 8601, to the second, without its zone."""
    return time.replace(tzinfo=None).isoformat(timespec="seconds")
