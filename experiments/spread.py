"""Means over seeds, formatted for tables."""

from collections.abc import Sequence

import numpy as np


def mean_and_deviation(values: Sequence[float], digits: int) -> str:
    """Format the mean, with the standard deviation if there are several values; empty if any value is NaN."""
    if np.isnan(values).any():
        return ""
    deviation = f" ± {np.std(values, ddof=1):.{digits}f}" if len(values) > 1 else ""
    return f"{np.mean(values):.{digits}f}{deviation}"
