"""Read the site and the time of a recording from its name and folders.

| path | site | time |
|---|---|---|
| any in `recording_name` | as there | as there |
| `rpi_orcasound_lab/1562337136/0004.wav` | orcasound_lab | seconds since 1970, UTC |
| `2019/07/05/140000.wav`, `20190705/14-00-00.wav` | none | a date, and a time of day in the name |
| `2019-07-05/001.wav` | none | only the day |
| `lime_kiln/2019/07/05/140000.wav` | lime_kiln, the folder above the date | as above |
"""

import re
from pathlib import PurePosixPath

from tools.lib.recordings.recording_name import Origin, parsed, stem
from tools.lib.recordings.recording_name import origin_of as origin_of_name

DATE = re.compile(r"(?:^|/)(?P<year>(?:19|20)\d\d)[-_/.]?(?P<month>\d\d)[-_/.]?(?P<day>\d\d)(?=/|$)")
TIME = re.compile(r"(?<!\d)(\d\d)([-_:h]?)(\d\d)\2(\d\d)(?!\d)")
# Folders named after their contents, not after a site.
GENERAL = re.compile(r"(?i)(?:no)?calls?|recordings?|audio|data|sounds?|raw|wavs?|flacs?|archives?|files?|\W*\d[\d\W]*")


def origin_of_recording(path: str) -> Origin:
    """Return the site and the time in the path of a recording; empty if it has none."""
    *folders, _ = PurePosixPath(path).parts
    name = stem(path)
    by_name = origin_of_name(name)
    by_folders = origin_of_folders("/".join(folders), name)
    # Orcasound has a folder per site, in it a folder per time, and in it the numbered parts of a stream.
    joined = origin_of_name("_".join([*folders[-2:], name])) if folders and not by_name.site else Origin()
    return by_name.or_else(joined if joined.site else Origin()).or_else(by_folders)


def origin_of_folders(folders: str, name: str) -> Origin:
    """Return the folder above a date as the site, and the date, with a time of day if the name has one."""
    date = DATE.search(folders)
    if not date:
        return Origin()
    above = PurePosixPath(folders[: date.start()]).name
    digits = "".join(date.group("year", "month", "day"))
    day = parsed(digits, "%Y%m%d")
    time = TIME.search(name)
    began = parsed(digits + "".join(time.group(1, 3, 4)), "%Y%m%d%H%M%S") if time else ""
    return Origin("" if GENERAL.fullmatch(above) or not above else above, began or day.partition("T")[0])
