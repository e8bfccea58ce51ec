"""Read annotations in any known format, recognised by the content of the file."""

from collections.abc import Sequence
from pathlib import Path

from stages.lib.runtime.inputs import remembered
from stages.lib.runtime.table import encoding_fault, quoted
from tools.lib.formats.audacity import is_audacity, read_audacity
from tools.lib.formats.columns import RAVEN_BEGIN
from tools.lib.formats.dclde import COLUMNS as DCLDE_COLUMNS
from tools.lib.formats.dclde import is_dclde, read_dclde
from tools.lib.formats.delimited import Table, parse_table
from tools.lib.formats.event import Annotations
from tools.lib.formats.event_table import is_event_table, read_event_table, time_columns
from tools.lib.formats.sequence import names_files
from tools.lib.formats.text_lines import content_fault, lines_of

KNOWN = (
    "a table of events (recording, start, and end or duration, as from Raven, Pod.Cast, BirdNET, Ketos, Kaleidoscope "
    "and others), the DCLDE killer-whale CSV, an Audacity label track (start, end and label, separated by tabs), or a "
    "folder that holds two folders of clips, calls and nocalls"
)
NOT_RECOGNISED = f"is not in a known annotation format: {KNOWN}"
OF_FOLDER = (
    "name the annotation files in it, or move folders of clips, one for each class, into two folders calls and nocalls"
)
OF_RAVEN = {"selection", "view", "lowfreqhz", "highfreqhz", RAVEN_BEGIN}
SHOWN = 12  # Columns shown of an unknown header.


def read_annotations(path: Path, words: Sequence[str] = ()) -> Annotations:
    """Read an annotation file; an unknown format is a fault. `words` is as for `word_columns`."""
    if path.is_dir():
        return faulty(f"{path}: {NOT_RECOGNISED}; {OF_FOLDER}")
    if not path.exists():
        return faulty(f"{path}: there is no such file; name an annotation file")
    content = remembered(path).read_bytes()
    fault = content_fault(content) or encoding_fault(content)
    if fault:
        return faulty(f"{path}:{fault}")
    lines = lines_of(content)
    if is_audacity(lines):
        return read_audacity(path, lines)
    table = parse_table(path, lines)
    if is_dclde(table):
        return read_dclde(table, words)
    return read_event_table(table, words) if is_event_table(table) else faulty(table_fault(table))


def faulty(fault: str) -> Annotations:
    """Return annotations with a single fault."""
    return Annotations([], {}, [fault])


def table_fault(table: Table) -> str:
    """Say which columns a table lacks, compared with the nearest format."""
    if len(table.names) < 2:
        return f"{table.path}: {NOT_RECOGNISED}"
    nearest, lacks = nearest_format(table)
    shown = [quoted(name) for name in table.names.values()]
    header = ", ".join(shown[:SHOWN]) + (f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else "")
    return (
        f"{table.path}:{table.line}: is not in a known annotation format: its columns are {header}; "
        f"to be {nearest} it lacks {lacks}"
    )


def nearest_format(table: Table) -> tuple[str, str]:
    """Return the nearest format of a table, and the columns that it lacks."""
    if len(table.names.keys() & set(DCLDE_COLUMNS)) > 1:
        named = zip(DCLDE_COLUMNS, ("Soundfile", "FileBeginSec", "FileEndSec"), strict=True)
        return "the DCLDE killer-whale CSV", " and ".join(name for key, name in named if key not in table.names)
    times = time_columns(table)
    raven = len(table.names.keys() & OF_RAVEN) > 1
    lacking = {
        "Begin Time (s)" if raven else "a column for the start of an event, in seconds (such as start_s)": times.start,
        "End Time (s)" if raven else "a column for its end (end_s) or duration (duration_s)": times.lasting,
        "a column for the recording (filename)": raven or names_files(table),
    }
    lacks = " and ".join(column for column, there in lacking.items() if not there)
    return "a Raven selection table" if raven else "a table of events", lacks
