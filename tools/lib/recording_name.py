"""What a recording is known by, and where and when it was made, as far as its name tells.

| recorder | name | site | time |
|---|---|---|---|
| Orcasound | rpi_orcasound_lab_1562337136_0004 | orcasound_lab | seconds since 1970, UTC |
| AMAR of JASCO | AMAR173.4.20190916T061248Z | AMAR173 | UTC, as the Z says |
| SoundTrap | 5066.190705140000 | SoundTrap5066 | YYMMDDHHMMSS, in the zone that it was set to |
| any other | ..._20190705_140000 or 20190705T140000Z | none | of no zone, unless a Z follows |

AMAR and SoundTrap name the instrument. That is as good as a place for keeping recordings of one place together, as long
as an instrument is not moved.
"""

import re
import unicodedata
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import PureWindowsPath

from tools.lib.annotations.event import Origin

ORCASOUND = re.compile(r"(?:rpi_)?(?P<site>[a-z][a-z_-]*[a-z])_(?P<epoch>1\d{9})(?!\d)")
AMAR = re.compile(r"(?P<site>AMAR\d+)\.(?:.*\.)?(?P<time>\d{8}T\d{6})Z")
SOUNDTRAP = re.compile(r"(?P<serial>\d{3,})\.(?P<time>\d{12})(?!\d)")
PLAIN = re.compile(r"(?<!\d)(\d{4})(-?)(\d\d)\2(\d\d)[T_-](\d\d)([-:]?)(\d\d)\6(\d\d)(Z?)(?!\d)")


# What may follow the name of a recording. `.190705140000` is no suffix but a time.
SUFFIX = re.compile(r"(?<=.)\.[A-Za-z][A-Za-z0-9]{0,3}$")


def parts_of(name: str) -> tuple[str, ...]:
    """Return the folders and the name in a path of whatever system; accents in one spelling.

    The drive, the root and `.` and `..` are left away: they say nothing on another machine.
    """
    path = PureWindowsPath(unicodedata.normalize("NFC", name))
    return tuple(part for part in path.parts if part not in (path.anchor, ".", ".."))


def stem(name: str) -> str:
    """Return the name of a recording without folders, of whatever system, and suffix; accents in one spelling."""
    return SUFFIX.sub("", (parts_of(name) or ("",))[-1])


def origin_of(stem: str) -> Origin:
    """Return the site and the time in the name of a recording; empty where the name does not tell."""
    if match := ORCASOUND.match(stem):
        return Origin(match["site"], iso(datetime.fromtimestamp(int(match["epoch"]), UTC)) + "Z")
    if match := AMAR.match(stem):
        return Origin(match["site"], parsed(match["time"], "%Y%m%dT%H%M%S", "Z"))
    if match := SOUNDTRAP.match(stem):
        return Origin(f"SoundTrap{match['serial']}", parsed(match["time"], "%y%m%d%H%M%S"))
    if match := PLAIN.search(stem):
        digits = "".join(match.group(1, 3, 4, 5, 7, 8))
        return Origin("", parsed(digits, "%Y%m%d%H%M%S", match[9]))
    return Origin()


def parsed(text: str, form: str, zone: str = "") -> str:
    """Return a time in ISO 8601; empty where the digits are none, such as those of a 13th month."""
    with suppress(ValueError):
        return iso(datetime.strptime(text, form)) + zone
    return ""


def iso(time: datetime) -> str:
    """Return a time in ISO 8601, to the second, without its zone."""
    return time.replace(tzinfo=None).isoformat(timespec="seconds")
