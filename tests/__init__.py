"""Tests. The libraries are pinned here, before any of them is imported, as every command does it."""

import stages  # noqa: F401
