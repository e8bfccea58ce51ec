"""The hydrophone sites: their background noise, and the response of each hydrophone."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Site:
    """One hydrophone, in an invented place.

    Attributes
    ----------
    name : str
    slope : float
        Slope of the noise spectrum, in decibels per octave.
    resonances : tuple of (Hz, dB)
        Peaks (or dips) of half an octave in the hydrophone's response.
    level : float
        Standard deviation of the noise, in 16-bit steps.
    ship_chance : float
        Share of the recordings in which a ship passes.
    snaps_per_s : float
        Rate of snapping shrimp.
    """

    name: str
    slope: float
    resonances: tuple[tuple[float, float], ...]
    level: float
    ship_chance: float
    snaps_per_s: float

    def response_db(self, frequency_hz: np.ndarray) -> np.ndarray:
        """Return the hydrophone's response in decibels, with the shape of the frequencies."""
        return sum(
            gain_db * np.exp(-0.5 * (np.log2(frequency_hz / centre_hz) / 0.5) ** 2)
            for centre_hz, gain_db in self.resonances
        )


SITES = (
    Site("ferry_landing", -4.5, ((400, 4), (3000, -3)), 30, 0.9, 0.2),
    Site("kelp_bay", -3.5, ((5500, 5),), 26, 0.3, 6.0),
    Site("lighthouse_point", -5.0, ((1200, 3), (8000, -5)), 40, 0.5, 1.0),
    Site("north_reef", -4.0, ((2500, 5), (700, -3)), 30, 0.4, 3.0),
    Site("outer_bank", -5.5, ((250, 5), (6500, 3)), 42, 0.5, 0.1),
    Site("river_mouth", -3.0, ((900, -4), (9000, -6)), 22, 0.6, 0.5),
)
