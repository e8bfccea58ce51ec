"""The commands that people run, one module each, as `python -m tools.<name>`."""

import stages  # noqa: F401 - it pins the libraries, and comes before the first of them is imported.
