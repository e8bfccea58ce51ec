"""The memory of featurize does not follow the length of a recording."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from stages import featurize
from stages.lib.runtime.atomic_write import remove
from stages.lib.runtime.table import write_table
from tests.stages.conftest import SAMPLE_RATE

CLIP_S = 0.5
SHORT, LONG = 200, 4000  # Clips.
FEATURE_BYTES = 40 * 41 * 2
# What is known of a clip: its row in clips.csv and in the index.
ROW_BYTES = 2000


def peak_memory(clip_count: int) -> int:
    """Return the most memory that featurize holds for one recording of so many clips."""
    folder = Path("data/tiny")
    remove(folder / "recordings")
    (folder / "recordings").mkdir()
    samples = 0.1 * np.random.default_rng(0).standard_normal(clip_count * SAMPLE_RATE // 2)
    soundfile.write(folder / "recordings" / "sea.wav", samples, SAMPLE_RATE)
    rows = [(f"sea_{500 * number:07d}", "sea.wav", number * CLIP_S, "", "") for number in range(clip_count)]
    write_table(folder / "clips.csv", ("clip_id", "recording", "start_s", "label", "site"), rows)
    del samples, rows
    tracemalloc.start()
    featurize.main()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


@pytest.mark.prove
@pytest.mark.usefixtures("data_set")
def test_a_recording_that_is_twenty_times_as_long_takes_hardly_more_memory():
    peak_memory(SHORT)  # What is loaded and computed once is not what is measured.
    more = peak_memory(LONG) - peak_memory(SHORT)
    assert more < (LONG - SHORT) * ROW_BYTES
    # The features alone would take more than that.
    assert (LONG - SHORT) * FEATURE_BYTES > (LONG - SHORT) * ROW_BYTES
