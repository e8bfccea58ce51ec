"""Read the killer-whale annotations of the DCLDE workshops: one CSV for many providers, with classes and certainty.

Certain killer-whale calls are calls. Uncertain calls are unsure, and so are annotations of a whole file, which only say
that there is a call somewhere in it. All others keep their class: `HW` is a humpback, `AB` no animal, `UndBio` an
unidentified animal, `SRKW` an ecotype of the killer whale.

References
----------
Palmer et al. (2025), "A public dataset of annotated Orcinus orca acoustic signals for detection and ecotype
classification", Scientific Data 12.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from math import inf

from tools.lib.formats.delimited import Table, first, key_of
from tools.lib.formats.event import CALL, UNSURE, Annotations, Event
from tools.lib.formats.times import times_reader
from tools.lib.formats.word_columns import NO
from tools.lib.recordings.recording_name import Origin, iso

COLUMNS = ("soundfile", "filebeginsec", "fileendsec")
RECORDING, BEGIN, END = COLUMNS
CLASS = ("classspecies", "labels")
KILLER_WHALE, CERTAIN, LEVEL, TIME = ("kw",), ("kwcertain",), ("annotationlevel",), ("utc",)
SITE = ("dataset", "dep", "provider")
YES = ("1", "1.0", "true")


def is_dclde(table: Table) -> bool:
    """Tell whether a table has this format."""
    return set(COLUMNS) <= table.names.keys()


def read_dclde(table: Table, words: Sequence[str] = ()) -> Annotations:
    """Read the events and the faults of the rows.

    `words` is as for `word_columns`, but these columns count beside the class, so that no other animal becomes a call.
    """
    events, origins, faults = [], {}, list(table.faults)
    seconds = times_reader(row.cells[key] for row in table.rows for key in (BEGIN, END))
    for row in table.rows:
        cells, source = row.cells, f"{table.path}:{row.line}"
        start_s, end_s = span(cells, seconds)
        if not cells[RECORDING] or start_s is None or end_s is None or end_s < start_s:
            faults.append(
                f"{source}: {cells[RECORDING]!r} from {cells[BEGIN]!r} to {cells[END]!r} is not a time span; "
                "correct Soundfile, FileBeginSec and FileEndSec, or remove the row"
            )
            continue
        name = cells[RECORDING]
        if name not in origins:
            origins[name] = Origin(first(cells, SITE), began(first(cells, TIME), start_s))
        events.append(Event(source, name, start_s, end_s, words_of(cells, words)))
    return Annotations(events, origins, faults, columns=tuple(table.names))


def span(cells: Mapping[str, str], seconds: Callable[[str], float | None]) -> tuple[float | None, float | None]:
    """Return the start and end of an event, in seconds; None for a cell that is not a time."""
    if is_of_file(cells) and not first(cells, (BEGIN, END)):
        return 0.0, inf
    return seconds(cells[BEGIN]), seconds(cells[END])


def is_of_file(cells: Mapping[str, str]) -> bool:
    """Tell whether a row annotates a whole file."""
    return first(cells, LEVEL).casefold() == "file"


def words_of(cells: Mapping[str, str], stated: Sequence[str]) -> tuple[str, ...]:
    """Return the class of an event, considering its certainty, and its words in the stated columns."""
    species, is_killer_whale = first(cells, CLASS), first(cells, KILLER_WHALE).casefold()
    doubt = [UNSURE] if is_of_file(cells) or first(cells, CERTAIN).casefold() in NO else []
    if species.casefold() == "kw" or is_killer_whale in YES:
        words = doubt or [CALL]
    else:
        words = [species or UNSURE, *(doubt if is_killer_whale not in NO else [])]
    return tuple(dict.fromkeys([*words, *filter(None, (first(cells, (key_of(name),)) for name in stated))]))


def began(event: str, start_s: float) -> str:
    """Return the start time of a recording, given the UTC of an event and its offset in the recording."""
    with suppress(ValueError):
        time = datetime.fromisoformat(event)
        start = (time.astimezone(UTC) if time.tzinfo else time) - timedelta(seconds=start_s)
        return iso(start) + "Z"
    return ""
