"""Recordings of one name are compared by the sound that the pipeline reads."""

import numpy as np
import soundfile

from tools.lib.clips.foreign_ids import other_sound


def test_recordings_with_unfinished_headers_are_compared_to_their_ends(tmp_path):
    """libsndfile alone would read no samples of either."""
    paths = [tmp_path / name for name in ("a.wav", "b.wav", "c.wav")]
    for path, seed in zip(paths, (1, 2, 1), strict=True):
        soundfile.write(path, 0.1 * np.random.default_rng(seed).standard_normal(8000), 8000, subtype="PCM_16")
        content = bytearray(path.read_bytes())
        content[4:8] = content[40:44] = bytes(4)
        path.write_bytes(content)
    paths[2].write_bytes(paths[2].read_bytes() + b"\0")
    assert other_sound(paths[0], paths[1])
    assert not other_sound(paths[0], paths[2])
