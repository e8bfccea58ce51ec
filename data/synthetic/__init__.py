"""Synthetic hydrophone recordings, from a seed."""

import stages  # noqa: F401 - pins the libraries, so it must be imported before them.
