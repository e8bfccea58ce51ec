"""What was tried, and how the figures in docs/ were made."""

import stages  # noqa: F401 - it pins the libraries, and comes before the first of them is imported.
