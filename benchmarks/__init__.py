"""Benchmarks of parts of the project, most of them against a named alternative."""

import stages  # noqa: F401 - it pins the libraries, so it comes before any of them is imported.
