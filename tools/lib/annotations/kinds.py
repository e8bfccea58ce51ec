"""What the words of annotators stand for: a call, no call, an uncertain call, or another sound."""

import re
import shlex
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from stages.lib.runtime.table import quoted
from tools.lib.formats.event import CALL, NOCALL, OTHER, UNSURE, Event
from tools.lib.wording import counted

# Words that mean the same to everybody, those of DCLDE included. What is annotated without a word is a call.
WORDS = {
    CALL: ("", "call", "calls", "kw", "srkw", "nrkw", "orca", "killer whale", "orcinus orca"),
    NOCALL: ("nocall", "nocalls", "no call", "no calls", "no-call", "no_call", "background"),
    UNSURE: ("?", "??", "call?", "calls?", "kw?", "possible", "uncertain", "undbio", "unknown", "unsure"),
    OTHER: (
        "ab",
        "hw",
        "humpback",
        "humpback whale",
        "seal",
        "sea lion",
        "noise",
        "ship",
        "boat",
        "vessel",
        "sonar",
        "other",
    ),
}
KNOWN = {word: kind for kind, words in WORDS.items() for word in words}
ANY, DOUBT = "*", "?"
STRONGEST_FIRST = (NOCALL, OTHER, None, UNSURE, CALL)  # None is a word that nobody has explained.


class Meaning(NamedTuple):
    """What a word stands for: one of `event.KINDS`, None where nobody has said so; and the pattern that says it."""

    kind: str | None
    pattern: str = ""


def meaning_of(text: str, labels: Mapping[str, str]) -> Meaning:
    """Return what a word stands for.

    Parameters
    ----------
    text : str
    labels : mapping
        From a word to a kind. Such a word counts before `KNOWN`, and that before patterns, in which * stands for any
        letters; of these the first that fits. A pattern without a ? fits no word with one: that is a doubt.
    """
    word = one_spelling(text)
    literal = {one_spelling(label): kind for label, kind in labels.items()}
    if word in literal:
        return Meaning(literal[word])
    if word in KNOWN:
        return Meaning(KNOWN[word])
    patterns = ((label, kind) for label, kind in labels.items() if ANY in label and fits(word, one_spelling(label)))
    label, kind = next(patterns, ("", None))
    return Meaning(kind, label)


def one_spelling(word: str) -> str:
    """Return what the spellings of a word have in common."""
    return unicodedata.normalize("NFC", word.strip()).casefold()


def fits(word: str, pattern: str) -> bool:
    """Tell whether a pattern fits a word; nothing but * is special in it."""
    if DOUBT in word and DOUBT not in pattern:
        return False
    return bool(re.fullmatch(".*".join(map(re.escape, pattern.split(ANY))), word, re.DOTALL))


def kind_of(words: Sequence[str], labels: Mapping[str, str]) -> str | None:
    """Return what an event is, given all its words: no call, or another sound, if any of them says so."""
    kinds = {meaning_of(word, labels).kind for word in words}
    return next(kind for kind in STRONGEST_FIRST if kind in kinds)


def kinds_by_words(labels: Mapping[str, str]) -> Callable[[tuple[str, ...]], str | None]:
    """Return `kind_of` for given labels, which looks up no words twice."""
    return cache(lambda words: kind_of(words, labels))


def unknown_words(events: Iterable[Event], labels: Mapping[str, str]) -> Iterator[str]:
    """Yield a fault for each word that stands for nothing yet, at its first place."""
    kind = kinds_by_words(labels)
    with_word = defaultdict(list)
    for event in events:
        if kind(event.words) is None:
            for word in event.words:
                if meaning_of(word, labels).kind is None:
                    with_word[word].append(event)
    for word, found in with_word.items():
        likely = UNSURE if DOUBT in word else CALL
        others = ", ".join(f"={kind}" for kind in (CALL, NOCALL, UNSURE) if kind != likely)
        yield (
            f"{found[0].source}: nobody has said what {quoted(word)} stands for ({counted(len(found), 'annotation')}); "
            f"add --label {shlex.quote(f'{word}={likely}')}, or {others} or =other (a sound that is no call); "
            f"{ANY} stands for any letters"
        )


def said_of_words(words: Sequence[str], labels: Mapping[str, str]) -> str:
    """Say what the words of an event were taken for, and which patterns say so."""
    patterns = [pattern for word in words if (pattern := meaning_of(word, labels).pattern)]
    by = f", by {' and '.join(dict.fromkeys(patterns))}" if patterns else ""
    told = " beside ".join(map(quoted, words)) if any(words) else "no word"
    return f"{told} stands for {kind_of(words, labels)}{by}"
