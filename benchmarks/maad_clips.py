"""Time scikit-maad on the clips of some recordings. benchmarks/featurize.py runs it in an environment with scikit-maad.

The arguments are the length of a clip in seconds, the FFT size and hop size in samples, and a JSON list of recordings.
Each recording is a path and a list of clip starts in seconds. The script imports nothing from this project.
"""

import json
import sys
import time

from maad import sound


def main() -> None:
    """Print the CPU seconds for all clips."""
    clip_s, fft_size, hop_size = float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    recordings = json.loads(sys.argv[4])

    def run(path: str, starts_s: list[float]) -> None:
        samples, rate = sound.load(path)
        for start_s in starts_s:
            clip = samples[round(start_s * rate) : round((start_s + clip_s) * rate)]
            overlap = fft_size - hop_size
            spectrogram, *_ = sound.spectrogram(clip, rate, nperseg=fft_size, noverlap=overlap, mode="amplitude")
            sound.pcen(spectrogram)

    run(*recordings[0])
    start = time.process_time()
    for path, starts_s in recordings:
        run(path, starts_s)
    print(time.process_time() - start)


if __name__ == "__main__":
    main()
