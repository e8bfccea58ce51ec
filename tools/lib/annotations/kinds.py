"""The meaning of annotators' words: a call, no call, an uncertain call, or another sound."""

import re
import shlex
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from stages.lib.runtime.table import quoted
from tools.lib.formats.delimited import MISSING
from tools.lib.formats.event import CALL, NOCALL, OTHER, UNSURE, Event
from tools.lib.wording import counted

# Words that mean the same to everybody, including DCLDE's. An annotation without a word is a call.
WORDS = {
    CALL: ("", "call", "calls", "kw", "srkw", "nrkw", "orca", "killer whale", "orcinus orca"),
    NOCALL: ("nocall", "nocalls", "no call", "no calls", "no-call", "no_call", "background"),
    UNSURE: ("?", "??", "call?", "calls?", "kw?", "possible", "uncertain", "undbio", "unknown", "unsure"),
    OTHER: (
        *("ab", "hw", "humpback", "humpback whale", "seal", "sea lion"),
        *("noise", "ship", "boat", "vessel", "sonar", "other"),
    ),
}
KNOWN = {word: kind for kind, words in WORDS.items() for word in words}
ANY, DOUBT = "*", "?"
STRONGEST_FIRST = (NOCALL, OTHER, None, UNSURE, CALL)  # None is an unknown word.


class Meaning(NamedTuple):
    """The meaning of a word: one of `event.KINDS`, or None if unknown; and the pattern that matched, if any."""

    kind: str | None
    pattern: str = ""


def meaning_of(text: str, labels: Mapping[str, str]) -> Meaning:
    """Return the meaning of a word.

    Parameters
    ----------
    text : str
    labels : mapping
        From a word, or a pattern in which * matches any letters, to a kind. Words here take precedence over `KNOWN`,
        and `KNOWN` over patterns; of these, the first match wins. A ? marks a doubt: only a pattern with a ? matches
        a word with one.
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
    """Return the normal form of a word, equal for all its spellings."""
    return unicodedata.normalize("NFC", word.strip()).casefold()


def fits(word: str, pattern: str) -> bool:
    """Tell whether a pattern matches a word; only * is special in it."""
    if DOUBT in word and DOUBT not in pattern:
        return False
    return bool(re.fullmatch(".*".join(map(re.escape, pattern.split(ANY))), word, re.DOTALL))


def kind_of(words: Sequence[str], labels: Mapping[str, str]) -> str | None:
    """Return the kind of an event from all its words. One word for no call, or for another sound, decides."""
    kinds = {meaning_of(word, labels).kind for word in words}
    return next(kind for kind in STRONGEST_FIRST if kind in kinds)


def unknown_words(events: Iterable[Event], labels: Mapping[str, str]) -> Iterator[str]:
    """Yield a fault for each unknown word, at its first place."""
    kind = cache(lambda words: kind_of(words, labels))
    with_word = defaultdict(list)
    for event in events:
        if kind(event.words) is None:
            for word in event.words:
                if meaning_of(word, labels).kind is None:
                    with_word[word].append(event)
    for word, found in with_word.items():
        likely = UNSURE if DOUBT in word or word.casefold() in MISSING else CALL
        others = ", ".join(f"={kind}" for kind in (CALL, NOCALL, UNSURE) if kind != likely)
        yield (
            f"{found[0].source}: unknown word {quoted(word)} ({counted(len(found), 'annotation')}); "
            f"add --label {shlex.quote(f'{word}={likely}')}, or {others} or =other (a sound that is not a call); "
            f"{ANY} matches any letters"
        )


def said_of_words(words: Sequence[str], labels: Mapping[str, str]) -> str:
    """Say how the words of an event were interpreted, and by which patterns."""
    patterns = [pattern for word in words if (pattern := meaning_of(word, labels).pattern)]
    by = f", by {' and '.join(dict.fromkeys(patterns))}" if patterns else ""
    told = " and ".join(map(quoted, words)) if any(words) else "no word"
    return f"{told}: {kind_of(words, labels)}{by}"
