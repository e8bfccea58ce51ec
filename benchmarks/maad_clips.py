"""What scikit-maad takes for the clips of some recordings; benchmarks/featurize.py runs it in maad's environment.

The arguments are the seconds of a clip, the samples of a transform and of a hop, and a JSON list of recordings, each a
path and the seconds at which its clips begin. It imports nothing of this project.
"""

import json
import sys
import time

from maad import sound


def main() -> None:
    """Print the seconds of the processor for all clips."""
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
