"""Experiments: the runs behind the figures in docs/."""

import stages  # noqa: F401 - it pins the libraries, so it comes before any of them is imported.
