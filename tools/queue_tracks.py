"""Write the queue for Audacity and Raven: `python -m tools.queue_tracks FOLDER`.

Each recording in the queue gets an Audacity label track and a Raven selection table, with its queued windows ready to
label. `python -m tools.add_labels` reads them back.
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from stages.lib.features.feature_params import FeatureParams
from stages.lib.runtime.atomic_write import write_text
from stages.lib.runtime.faults import refuse
from stages.lib.runtime.params import read_params
from stages.lib.runtime.running import run
from tools.lib.clips.queue_windows import Window, read_queue_windows
from tools.lib.command_parser import command_parser
from tools.lib.formats import audacity_track, raven_table
from tools.lib.wording import counted


def track_files(windows: Sequence[Window], params: FeatureParams) -> dict[str, str]:
    """Return the text of each file by its name: two files per recording, with windows sorted by time."""
    of_recording = defaultdict(list)
    for window in sorted(windows):
        of_recording[window.recording_id].append(window)
    texts = {}
    for recording, waiting in of_recording.items():
        texts[recording + audacity_track.SUFFIX] = audacity_track.format_track(waiting)
        texts[recording + raven_table.SUFFIX] = raven_table.format_raven(waiting, params)
    return texts


def write_tracks(folder: Path) -> str:
    """Write the files without overwriting any that may have answers; return the line to print."""
    windows, params = read_queue_windows(), read_params("featurize", FeatureParams)
    files = {folder / name: text for name, text in track_files(windows, params).items()}
    refuse(
        f"{path}: exists and may hold answers; name another folder"
        for path, text in files.items()
        if path.exists() and path.read_bytes() != text.encode()
    )
    for path, text in files.items():
        write_text(path, text)
    clips, recordings = counted(len(windows), "clip"), counted(len(files) // 2, "recording")
    return f"{folder}: {clips} of {recordings}, for Audacity (.txt) and Raven ({raven_table.SUFFIX})"


def main() -> None:
    """Write the files to a folder."""
    parser = command_parser(__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="output folder (created if missing)")
    print(write_tracks(parser.parse_args().folder))


if __name__ == "__main__":
    run(main)
