"""The data card: what the data set holds, who labelled it, how it is divided, and what it is not for.

References
----------
Pushkarna et al. (2022), "Data cards: purposeful and transparent dataset documentation for responsible AI", as far as it
applies.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping

from stages.lib.tables.split import PARTS
from tools.lib.cards.card import card
from tools.lib.cards.card_facts import Facts, label_counts, site_name
from tools.lib.markdown import code, table
from tools.lib.wording import counted

SYNTHETIC_WARNING = "Synthetic sound, made by a program. No figure about it is one about whales."
UNUSED = "not used"
# As many of the calls as of the no-calls are drawn for the audit.
AUDIT_WEIGHTS = {"audit_error": ", each class weighted by how often the model gives it"}
PROVENANCE = ("README.md", "dvc.yaml", "recordings.dvc", "clips.csv.dvc")


def data_card(facts: Facts) -> str:
    """Return the card as Markdown."""
    sections = {
        "The data set": the_data_set(facts),
        "Parts and labels": parts_and_labels(facts),
        "Sites": sites(facts),
        "Who labelled what": labelling(facts),
        "What it must not be used for": not_for(facts),
    }
    return card("Data card", SYNTHETIC_WARNING if facts.is_synthetic else "", sections)


def the_data_set(facts: Facts) -> list[str]:
    """Say which data it is, and where it came from."""
    folder = facts.data.folder
    recordings, clips = (facts.lock.files[str(folder / name)] for name in ("recordings", "clips.csv"))
    origins = [f"[{name}](../{folder / name})" for name in PROVENANCE if (folder / name).exists()]
    rows = [
        ("name", code(facts.data.dataset)),
        ("where it came from", ", ".join(origins) or "nothing in the folder says so"),
        ("recordings", f"{recordings['nfiles']} files, {recordings['size'] / 1e6:.1f} MB"),
        ("clips", f"{len(facts.clips):,} of {facts.lock.params['featurize.clip_s']:g} s"),
        ("recordings in `dvc.lock`", f"`{recordings['md5']}`"),
        ("`clips.csv` in `dvc.lock`", f"`{clips['md5']}`"),
    ]
    return table(("", ""), rows)


def part_of(facts: Facts) -> dict[str, str]:
    """Return the part of each clip by its id."""
    return dict.fromkeys((clip.clip_id for clip in facts.clips), UNUSED) | {
        clip.clip_id: clip.part for clip in facts.split
    }


def parts_and_labels(facts: Facts) -> list[str]:
    """Say how the clips are divided, and what the data set says of them."""
    by, seed = (facts.lock.params[f"split.{name}"] for name in ("group_by", "seed"))
    of_part: Mapping[str, list[str]] = defaultdict(list)
    parts = part_of(facts)
    for clip in facts.clips:
        of_part[parts[clip.clip_id]].append(clip.label)
    uses = {
        "train": "to learn from",
        "valid": "to calibrate by",
        "pool": "to ask experts about; the labels that the data set has for it only measure the model's own",
        "test": "to measure with, and never anything else",
        UNUSED: "nothing",
    }
    rows = [(part, label_counts(of_part[part]), use) for part, use in uses.items() if part in PARTS or of_part[part]]
    return [f"Divided by {by} (seed {seed}): no {by} is in two parts.", "", *table(("part", "labels", "for"), rows)]


def sites(facts: Facts) -> list[str]:
    """Say how much there is of each site."""
    parts = part_of(facts)
    columns = (*PARTS, UNUSED)
    counts: Mapping[str, Counter] = defaultdict(Counter)
    recordings = defaultdict(set)
    for clip in facts.clips:
        counts[clip.site][parts[clip.clip_id]] += 1
        recordings[clip.site].add(clip.recording)
    rows = [
        (site_name(site), str(len(recordings[site])), *(str(counts[site][part]) for part in columns))
        for site in sorted(counts)
    ]
    return table(("site", "recordings", *columns), rows)


def labelling(facts: Facts) -> list[str]:
    """Say what the experts and the model have labelled, and how often the model's labels are wrong."""
    labels = facts.labels
    expert, model = labels["expert"], labels["model"]
    said = [
        "- The data set came with the labels of the table above.",
        f"- Experts have given {counted(expert['answers'], 'answer')}, {expert['unsure']} of them `unsure`. That "
        f"settles {expert['calls']} clips as calls and {expert['nocalls']} as no-calls; {labels['disputed']} are "
        f"disputed, and {labels['waiting']} that the model cannot decide wait for an answer.",
        f"- The baseline model has given {model['calls'] + model['nocalls']} labels itself to clips of the pool "
        f"({model['calls']} calls, {model['nocalls']} no-calls).",
    ]
    of_whom = {
        "audit_error": "the experts' answers to an audit drawn at random",
        "model_error": "the labels that the data set has for its pool",
    }
    for key, by in of_whom.items():
        error = labels[key]["all"]
        if "rate" in error:
            said.append(
                f"- By {by}, {error['wrong']} of {error['checked']} of these labels are wrong: {error['rate']:.1%} "
                f"({error['rate_low']:.1%} to {error['rate_high']:.1%}, 95 % interval){AUDIT_WEIGHTS.get(key, '')}."
            )
    if unsure := labels["audit_error"]["all"].get("unsure"):
        said.append(
            f"- Of the clips drawn for the audit, {counted(unsure, 'clip')} could not be told by the experts. "
            "No share above counts them."
        )
    return said


def not_for(facts: Facts) -> list[str]:
    """List what it must not be used for."""
    synthetic = ["- For anything about whales. It is here so that the pipeline runs without a download."]
    licence = [] if facts.is_synthetic else ["- Beyond what those who recorded it allow; see where it came from."]
    test_clips = sum(part == "test" for part in part_of(facts).values())
    chosen = label_counts(clip.label for clip in facts.clips)
    return [
        *(synthetic if facts.is_synthetic else []),
        *licence,
        f"- To say how often calls are heard. Clips were chosen ({chosen}), not drawn from what was recorded.",
        f"- To train on its {test_clips} test clips, or to choose anything by them: they are frozen, so that figures "
        "stay comparable.",
    ]
