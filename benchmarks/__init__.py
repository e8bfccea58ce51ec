"""What the parts cost, and how they compare with others."""

import stages  # noqa: F401 - it pins the libraries, and comes before the first of them is imported.
