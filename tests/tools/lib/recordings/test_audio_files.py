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


def test_every_suffix_is_also_one_that_tables_may_leave_out():
    assert [suffix for suffix in SUFFIXES if not SUFFIX.search(f"a{suffix}")] == []
