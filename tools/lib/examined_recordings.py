"""What recordings hold, and which cannot be used."""

from collections.abc import Sequence
from pathlib import Path

from stages.lib.parallel import in_parallel
from stages.lib.recording import Channel, Examined, examine


def examine_all(paths: Sequence[Path], channel: Channel) -> list[Examined | str]:
    """Examine recordings on all cores, with a progress bar on a terminal; a string says what is wrong with one."""
    return list(in_parallel(examine, [(path, channel) for path in paths], "checking"))
