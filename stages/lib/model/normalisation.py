"""Standardisation of spectrograms by band, learned from the training clips."""

from collections.abc import Iterable
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
    def learn(cls, batches: Iterable[np.ndarray]) -> "Normalisation":
        """Learn from at least one batch of spectrograms; only one batch is in memory at a time.

        Parameters
        ----------
        batches : iterable of ndarray, shape (some clips, bands, frames)
            NaN, as in bands that a recording cannot contain, is left out.

        References
        ----------
        scikit-learn's `StandardScaler.partial_fit` combines the moments of the batches, after Chan, Golub and LeVeque
        (1983), "Algorithms for computing the sample variance".
        """
        from sklearn.preprocessing import StandardScaler

        scaler = StandardScaler()
        for arrays in batches:
            bands = arrays.shape[1]
            scaler.partial_fit(arrays.transpose(0, 2, 1).reshape(-1, bands).astype(np.float64))
        # A band that no recording contains has no mean.
        mean, deviation = np.nan_to_num(scaler.mean_), np.nan_to_num(np.sqrt(scaler.var_))
        # A band without variation stays at zero instead of being amplified.
        deviation[deviation < 1e-6] = 1.0
        return cls(mean.astype(np.float32), deviation.astype(np.float32))

    def apply(self, arrays: np.ndarray) -> np.ndarray:
        """Standardise features of shape (clips, bands, frames); the result is float32.

        NaN becomes zero, the mean of its band: a band that a recording cannot contain says nothing about calls.
        """
        return np.nan_to_num((arrays.astype(np.float32) - self.mean[:, None]) / self.deviation[:, None])

    def as_json(self) -> dict[str, list[float]]:
        """Return plain lists with one number per band."""
        return {"mean": self.mean.tolist(), "deviation": self.deviation.tolist()}

    @classmethod
    def from_json(cls, description: dict) -> "Normalisation":
        """Read the `mean` and `deviation` of a description."""
        return cls(np.array(description["mean"], np.float32), np.array(description["deviation"], np.float32))
