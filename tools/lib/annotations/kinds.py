"""What the words of annotators stand for: a call, no call, an uncertain call, or another sound."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from stages.lib.table import quoted
from tools.lib.annotations.event import CALL, NOCALL, OTHER, UNSURE, Event
from tools.lib.counted import counted

# Words that mean the same to everybody, those of DCLDE included. What is annotated without a word is a call.
KNOWN = {
    "": CALL,
    "call": CALL,
    "calls": CALL,
    "kw": CALL,
    "nocall": NOCALL,
    "no call": NOCALL,
    "no-call": NOCALL,
    "background": NOCALL,
    "?": UNSURE,
    "call?": UNSURE,
    "possible": UNSURE,
    "uncertain": UNSURE,
    "undbio": UNSURE,
    "unknown": UNSURE,
    "unsure": UNSURE,
    "ab": OTHER,
    "hw": OTHER,
    "noise": OTHER,
    "other": OTHER,
}


def kind_of(text: str, labels: Mapping[str, str]) -> str | None:
    """Return what a word stands for.

    Parameters
    ----------
    text : str
    labels : mapping
        From a word, in which * stands for any letters, to a kind; the first that fits counts, and before `KNOWN`.

    Returns
    -------
    str or None
        One of `event.KINDS`; None where nothing fits.
    """
    word = text.casefold()
    named = (kind for pattern, kind in labels.items() if fnmatchcase(word, pattern.casefold()))
    return next(named, KNOWN.get(word))


def unknown_words(events: Iterable[Event], labels: Mapping[str, str]) -> Iterator[str]:
    """Yield a fault for each word that stands for nothing yet, at its first place."""
    with_word = defaultdict(list)
    for event in events:
        if kind_of(event.text, labels) is None:
            with_word[event.text].append(event)
    for word, found in with_word.items():
        yield (
            f"{found[0].source}: nobody has said what {quoted(word)} stands for ({counted(len(found), 'annotation')}); "
            f'add --label "{word}=call", or =nocall, =unsure or =other (a sound that is no call); * stands for any '
            "letters"
        )
