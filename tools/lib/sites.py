"""The names of sites: `rpi-orcasound-lab`, `rpi_orcasound_lab` and `Rpi Orcasound Lab` are one place."""

from collections.abc import Iterable

from stages.lib.clips import same_site
from tools.lib.register import Registered


def one_spelling(recordings: Iterable[Registered], sites: Iterable[str] = ()) -> list[Registered]:
    """Return recordings of which each site is spelt in one way, the first; sites that are spelt already go before."""
    spelling: dict[str, str] = {}
    for site in sites:
        spelling.setdefault(same_site(site), site)
    return [one._replace(site=spelling.setdefault(same_site(one.site), one.site)) for one in recordings]
