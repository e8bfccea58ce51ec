"""Orcasound's public archive of labelled calls as a data set."""
