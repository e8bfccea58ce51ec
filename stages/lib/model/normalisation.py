"""Standardisation of features by band: the level of each band, learnt from the training clips."""

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
        """Learn it from at least one batch of features; memory holds a batch at a time.

        Parameters
        ----------
        batches : iterable of ndarray, shape (some clips, bands, frames)
            NaN is left out, as in bands that a recording cannot hold.

        References
        ----------
        The moments of the batches are brought together by scikit-learn's `StandardScaler.partial_fit`, after Chan,
        Golub and LeVeque (1983), "Algorithms for computing the sample variance".
        """
        from sklearn.preprocessing import StandardScaler

        scaler = StandardScaler()
        for arrays in batches:
            bands = arrays.shape[1]
            scaler.partial_fit(arrays.transpose(0, 2, 1).reshape(-1, bands).astype(np.float64))
        # Nothing is known of a band that no recording holds.
        mean, deviation = np.nan_to_num(scaler.mean_), np.nan_to_num(np.sqrt(scaler.var_))
        # A band without any variation stays at zero instead of being blown up.
        deviation[deviation < 1e-6] = 1.0
        return cls(mean.astype(np.float32), deviation.astype(np.float32))

    def apply(self, arrays: np.ndarray) -> np.ndarray:
        """Standardise features of shape (clips, bands, frames); the result is float32.

        NaN becomes zero, the mean of its band: what a recording cannot hold says nothing for or against a call.
        """
        return np.nan_to_num((arrays.astype(np.float32) - self.mean[:, None]) / self.deviation[:, None])

    def as_json(self) -> dict[str, list[float]]:
        """Return plain lists, a number a band."""
        return {"mean": self.mean.tolist(), "deviation": self.deviation.tolist()}

    @classmethod
    def from_json(cls, description: dict) -> "Normalisation":
        """Read it back from a description that holds `mean` and `deviation`."""
        return cls(np.array(description["mean"], np.float32), np.array(description["deviation"], np.float32))
