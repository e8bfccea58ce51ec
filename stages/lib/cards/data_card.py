"""`metrics/data_card.md`: the contents of the data set, its parts, and what it is not for.

References
----------
Pushkarna et al. (2022), "Data cards: purposeful and transparent dataset documentation for responsible AI", as far as it
applies.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from stages.lib.cards.card import data_link, label_counts, site_name
from stages.lib.cards.markdown import table
from stages.lib.runtime.params import DataParams
from stages.lib.tables.clips import Clip
from stages.lib.tables.split import PARTS

DATA_CARD = Path("metrics/data_card.md")
UNUSED = "not used"
USES = {
    "train": "to learn from",
    "valid": "to calibrate networks on",
    "pool": "to ask experts about; the data set's own labels only measure the model's",
    "test": "to measure with, and nothing else",
    UNUSED: "nothing",
}


def data_card(
    data: DataParams, clips: Sequence[Clip], parts: Mapping[str, str], *, clip_s: float, group_by: str, settled: int
) -> str:
    """Return the card as Markdown.

    Parameters
    ----------
    data : DataParams
    clips : sequence of Clip
        Clips with the labels that the split gives them.
    parts : mapping
        From clip id to part; without unused clips.
    clip_s : float
        Seconds.
    group_by : str
        What the split never divides between valid, test and the rest: `recording` or `site`.
    settled : int
        Number of clips labelled by experts in closed rounds.
    """
    part_of = [parts.get(clip.clip_id, UNUSED) for clip in clips]
    return f"""\
# Data card

{origin(data)}

The stage `split` writes this page; edits are lost.

## Contents

- **Clips:** {len(clips):,} of {clip_s:g} s ({label_counts(clip.label for clip in clips)}), from
  {len({clip.recording for clip in clips}):,} recordings.
- **Labels:** experts gave {settled:,} of them, in closed rounds; the others came with the data set. The
  [model card](model_card.md) counts the labels that the current model learned from.
- **Licence:** {licence(data)}

## Parts

No {group_by} of valid or test is in another part.

{parts_table(clips, part_of)}

## Sites

{sites_table(clips, part_of)}

## What not to use it for

- **How often whales call.** The clips were chosen, not drawn at random from what was recorded.
- **Training or choosing on the test clips.** The {part_of.count("test"):,} test clips are held out for good, so that
  figures stay comparable.
"""


def origin(data: DataParams) -> str:
    """Say which data set this is, and where it comes from."""
    if data.is_synthetic:
        return (
            f"**Synthetic sound, made by a program ({data_link(data)}), so that the pipeline runs without a download. "
            "No figure about it says anything about whales.**"
        )
    return f"The data set is {data_link(data)}. Its files say where it comes from."


def licence(data: DataParams) -> str:
    """Say what the recordings may be used for."""
    if data.is_synthetic:
        return "the license of this repository ([LICENSE](../LICENSE))."
    return "whatever the people who recorded it allow. Ask them before you share it."


def parts_table(clips: Sequence[Clip], part_of: Sequence[str]) -> str:
    """Return a table of the calls and no-calls in each part."""
    labels = defaultdict(list)
    for clip, part in zip(clips, part_of, strict=True):
        labels[part].append(clip.label)
    rows = [(part, label_counts(labels[part]), use) for part, use in USES.items() if part in PARTS or labels[part]]
    return "\n".join(table(("part", "clips", "use"), rows))


def sites_table(clips: Sequence[Clip], part_of: Sequence[str]) -> str:
    """Return a table of the recordings and clips of each site."""
    counts: Mapping[str, Counter] = defaultdict(Counter)
    recordings = defaultdict(set)
    for clip, part in zip(clips, part_of, strict=True):
        counts[clip.site][part] += 1
        recordings[clip.site].add(clip.recording)
    rows = [
        (site_name(site), str(len(recordings[site])), *(str(counts[site][part]) for part in USES))
        for site in sorted(counts)
    ]
    return "\n".join(table(("site", "recordings", *USES), rows))
