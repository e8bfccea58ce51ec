"""Write figures to picture files."""

import warnings
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from stages.lib.runtime.atomic_write import atomic_write

PALETTE_COLOURS = 256


def write_figure(path: Path, figure: Figure) -> None:
    """Write a figure with a colour palette, which takes a third of the space and is enough for one colour scale."""
    canvas = FigureCanvasAgg(figure)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # A character missing in the font is drawn as a box.
        canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").quantize(PALETTE_COLOURS)
    with atomic_write(path) as partial:
        picture.save(partial)
