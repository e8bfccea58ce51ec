"""The data set that nobody has recorded."""

SYNTHETIC = "synthetic"
