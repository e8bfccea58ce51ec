"""Means over seeds, as tables have them."""

from collections.abc import Sequence

import numpy as np


def mean_and_deviation(values: Sequence[float], digits: int) -> str:
    """Return the mean, and the standard deviation where there are several values; blank where one is undefined."""
    if np.isnan(values).any():
        return ""
    deviation = f" ± {np.std(values, ddof=1):.{digits}f}" if len(values) > 1 else ""
    return f"{np.mean(values):.{digits}f}{deviation}"
