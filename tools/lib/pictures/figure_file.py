"""Make figures of spectrograms, and write them to picture files."""

import warnings
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from stages.lib.runtime.atomic_write import atomic_write
from tools.lib.pictures.clip_view import Spectrogram, colour

PALETTE_COLOURS = 256
DOTS_PER_INCH = 100


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of some inches."""
    return Figure(figsize=(width, height), dpi=DOTS_PER_INCH, layout="constrained")


def show(axes: Axes, spectrogram: Spectrogram) -> None:
    """Draw a spectrogram over seconds and kHz."""
    extent = (spectrogram.start_s, spectrogram.end_s, spectrogram.hz[0] / 1000, spectrogram.hz[-1] / 1000)
    axes.imshow(colour(spectrogram), aspect="auto", extent=extent)
    axes.yaxis.set_major_formatter("{x:g} kHz")
    axes.tick_params(labelsize=6)


def write_figure(path: Path, figure: Figure) -> None:
    """Write a figure with a colour palette, which takes a third of the space and is enough for one colour scale."""
    canvas = FigureCanvasAgg(figure)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # A character missing in the font is drawn as a box.
        canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").quantize(PALETTE_COLOURS)
    with atomic_write(path) as partial:
        picture.save(partial)
