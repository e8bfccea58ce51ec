"""The id of a window of a run: the run, then an id like a clip's, such as `c67e77488102--bay_0004750`."""

import re

from stages.lib.tables.clips import make_clip_id
from tools.lib.detection.run_record import RUN_DIGITS

MARK = "--"
WINDOW_ID = re.compile(rf"[0-9a-f]{{{RUN_DIGITS}}}{MARK}.+")


def window_id(run: str, recording: str, start_s: float) -> str:
    """Return the id of a window of a run."""
    return f"{run}{MARK}{make_clip_id(recording, start_s)}"


def is_window_id(text: str) -> bool:
    """Tell whether a text can be the id of a window of a run."""
    return bool(WINDOW_ID.fullmatch(text))


def run_of_window(name: str) -> str:
    """Return the run in the id of a window."""
    return name.partition(MARK)[0]
