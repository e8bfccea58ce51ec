"""The stages of the pipeline, one module each, run as `python -m stages.<name>`."""

# This comes before any library is imported, because each reads its settings while it loads.
from stages.lib.runtime.determinism import pin_libraries

pin_libraries()
