"""Synthetic hydrophone recordings, from a seed."""

import stages  # noqa: F401 - it pins the libraries, and comes before the first of them is imported.
