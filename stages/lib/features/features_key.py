"""What the features of a recording depend on: its content, its clips, the params, our code and the libraries."""

from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

from stages.lib.cache.digests import short_digest
from stages.lib.cache.sources import sources_of
from stages.lib.features.feature_params import FeatureParams
from stages.lib.runtime.atomic_write import write_json
from stages.lib.tables.clips import Clip

WINDOW = Path(__file__).with_name("window.py")
# What computes the features, below our own modules.
LIBRARIES = ("numpy", "scipy", "librosa", "soxr", "soundfile", "PyWavelets")


@cache
def made_by() -> bytes:
    """Return what turns a window into features: the code that `window.py` is made of, and the libraries' versions."""
    sources = [path.read_bytes() for path in sources_of(WINDOW)]
    return b"\0".join(sources + [version(library).encode() for library in LIBRARIES])


def features_key(content: str, clips: Sequence[Clip], params: FeatureParams) -> str:
    """Return the digest of everything that the features of a recording depend on.

    Parameters
    ----------
    content : str
        Digest of the recording.
    clips : sequence of Clip
    params : FeatureParams
    """
    starts_s = repr([clip.start_s for clip in clips])
    return short_digest(b"\0".join([params.model_dump_json().encode(), starts_s.encode(), made_by(), content.encode()]))


def write_description(folder: Path, params: FeatureParams) -> None:
    """Write how the features of a folder were made, which a model learns with them."""
    write_json(folder / "features.json", {"params": params.model_dump(), "shape": params.shape})
