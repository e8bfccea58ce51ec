"""Standardisation of features by band: the level of each band, learnt from the training clips."""

from typing import NamedTuple

import numpy as np


class Normalisation(NamedTuple):
    """Mean and deviation of each band.

    Attributes
    ----------
    mean, deviation : ndarray of float32, shape (bands,)
    """

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def learn(cls, arrays: np.ndarray) -> "Normalisation":
        """Learn it from features of shape (clips, bands, frames), of which there must be at least one."""
        mean = arrays.mean(axis=(0, 2), dtype=np.float64)
        deviation = arrays.std(axis=(0, 2), dtype=np.float64)
        # A band without any variation stays at zero instead of being blown up.
        deviation[deviation < 1e-6] = 1.0
        return cls(mean.astype(np.float32), deviation.astype(np.float32))

    def apply(self, arrays: np.ndarray) -> np.ndarray:
        """Standardise features of shape (clips, bands, frames); the result is float32."""
        return (arrays.astype(np.float32) - self.mean[:, None]) / self.deviation[:, None]

    def as_json(self) -> dict[str, list[float]]:
        """Return plain lists, a number a band."""
        return {"mean": self.mean.tolist(), "deviation": self.deviation.tolist()}

    @classmethod
    def from_json(cls, description: dict) -> "Normalisation":
        """Read it back from a description that holds `mean` and `deviation`."""
        return cls(np.array(description["mean"], np.float32), np.array(description["deviation"], np.float32))
