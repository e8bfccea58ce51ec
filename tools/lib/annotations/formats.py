"""The formats of annotations, told apart by what a file holds."""

import re
from pathlib import Path

from stages.lib.inputs import reading
from stages.lib.table import encoding_fault
from tools.lib.annotations.audacity import is_audacity, read_audacity
from tools.lib.annotations.dclde import is_dclde, read_dclde
from tools.lib.annotations.event import Annotations
from tools.lib.annotations.pod_cast import is_pod_cast, read_pod_cast
from tools.lib.annotations.raven import read_raven
from tools.lib.raven_table import is_raven

# How each is recognised, and read.
FORMATS = (
    (is_raven, read_raven),
    (is_dclde, read_dclde),
    (is_pod_cast, read_pod_cast),
    (is_audacity, read_audacity),
)
NOT_RECOGNISED = (
    "is none of the annotations that are known: a Raven selection table (its header has Begin Time (s)), a Pod.Cast "
    "table (wav_filename or filename; start_time_s, start_s or start; duration_s), the DCLDE killer-whale CSV "
    "(Soundfile, FileBeginSec, FileEndSec), an Audacity label track (begin, end and label, separated by tabs), or a "
    "folder that holds the folders calls and nocalls of clips"
)


def read_annotations(path: Path) -> Annotations:
    """Read a file of annotations, whatever its format.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Annotations
        With a fault where the format is not recognised.
    """
    if path.is_dir():
        return Annotations([], {}, [f"{path}: {NOT_RECOGNISED}"])
    if not path.exists():
        return Annotations([], {}, [f"{path}: there is no such file; name a file of annotations"])
    content = reading(path).read_bytes()
    fault = encoding_fault(content)
    if fault:
        return Annotations([], {}, [f"{path}:{fault}"])
    lines = re.split(r"\r\n|\r|\n", content.decode("utf-8-sig"))
    read = next((read for recognises, read in FORMATS if recognises(lines)), None)
    return read(path, lines) if read else Annotations([], {}, [f"{path}: {NOT_RECOGNISED}"])
