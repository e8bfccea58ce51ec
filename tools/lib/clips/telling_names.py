"""Find recordings whose names tell the label of their clips, which experts should not know before they answer."""

import re
from collections import defaultdict
from collections.abc import Iterable

from tools.lib.wording import counted

WORD = re.compile(r"[^\W\d_]{2,}")  # Letters only: numbers and dates tell recordings apart.
FEWEST = 5  # Fewer recordings may share a label by chance.


def telling_words(labelled: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """Return the words in paths that only recordings with one label have, if other recordings have another label.

    `labelled` has the path of the recording and the label of each labelled clip. The result maps each word to its
    recordings, of which there are at least `FEWEST`.
    """
    labels_of, recordings_of, labels = defaultdict(set), defaultdict(set), set()
    for recording, label in labelled:
        labels.add(label)
        for word in set(WORD.findall(recording.rpartition(".")[0].casefold())):
            labels_of[word].add(label)
            recordings_of[word].add(recording)
    return {
        word: recordings
        for word, recordings in sorted(recordings_of.items())
        if len(labels_of[word]) < len(labels) and len(recordings) >= FEWEST
    }


def telling_line(labelled: Iterable[tuple[str, str]]) -> list[str]:
    """Say which words in names tell the label, and what to do."""
    words = telling_words(labelled)
    if not words:
        return []
    recordings = counted(len(set().union(*words.values())), "recording")
    return [
        f"{recordings} have names that tell the label ({', '.join(words)}), and labels/queue.csv and label tracks show "
        "names to experts before they answer; rename the files, or let experts answer on the label page, which does not"
    ]
