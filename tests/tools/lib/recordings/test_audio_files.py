import numpy as np
import pytest
import soundfile

from stages.lib.audio.examination import Examined, examine
from tools.lib.recordings.audio_files import SUFFIXES, audio_files
from tools.lib.recordings.recording_name import SUFFIX

FORMATS = {"wave": "WAV", "aif": "AIFF", "aifc": "AIFF", "snd": "AU", "oga": "OGG", "opus": "OGG", "rf64": "RF64"}


@pytest.mark.parametrize("suffix", [*FORMATS, "WAV", "au", "caf", "flac", "mp3", "w64"])
def test_a_recording_of_any_suffix_is_found_and_read(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, 0.1 * np.random.default_rng(0).standard_normal(8000), 8000, format=FORMATS.get(suffix))
    assert audio_files(tmp_path) == {path.name: path}
    assert isinstance(examine(path, "mix"), Examined)


@pytest.mark.parametrize("folder", [".Trash-1000", "lost+found", "$RECYCLE.BIN", "System Volume Information"])
def test_what_a_system_keeps_on_a_disk_is_no_recording(tmp_path, folder):
    """Files that somebody has deleted; and nobody but root may read lost+found."""
    for name in ("bay/a.wav", f"{folder}/b.wav"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    assert list(audio_files(tmp_path)) == ["bay/a.wav"]


def test_every_suffix_is_also_one_that_tables_may_leave_out():
    assert [suffix for suffix in SUFFIXES if not SUFFIX.search(f"a{suffix}")] == []
