"""The stages of the pipeline, one module each, run as `python -m stages.<name>`."""

import sys

# Otherwise each import leaves a compiled file in a room. A data set with a DVC of its own, such as Orcasound's, would
# then find the room changed, because DVC ignores such files only within its own folder.
sys.dont_write_bytecode = True

# This comes before any library is imported, because each reads its settings while it loads.
from stages.lib.runtime.determinism import pin_libraries  # noqa: E402

pin_libraries()
