"""params.yaml: each section read into a type of its own, with every fault named by its line."""

import re
from collections.abc import Iterator
from decimal import Decimal
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from reprlib import repr as shortened
from typing import Annotated, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.inputs import remembered

DEEPEST = 10  # Collections within collections; libraries that follow them recursively fail at about a thousand.
LONGEST_VALUE = 1000  # Characters; Python refuses to read or print numbers of more than 4300.
PLAIN_NUMBER = re.compile(
    r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+][0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
SECTIONS = ("data", "featurize", "split", "train", "score_pool", "merge_labels", "retrain", "compute")


class Section(BaseModel):
    """A section of params.yaml: no unknown key, no silent conversion, no change afterwards."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


SectionType = TypeVar("SectionType", bound=Section)


SYNTHETIC = "synthetic"  # The data set that a program makes.


class DataParams(Section):
    """Section `data`: the data set, a folder below data/."""

    dataset: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=100)]

    @property
    def folder(self) -> Path:
        """The folder of the data set."""
        return Path("data") / self.dataset

    @property
    def is_synthetic(self) -> bool:
        """Whether a program made the sound."""
        return self.dataset == SYNTHETIC


class ClipLength(Section):
    """Of section `featurize` the length of a clip in seconds, for modules that need nothing else of it."""

    model_config = ConfigDict(extra="ignore")

    clip_s: Annotated[float, Field(gt=0, le=600)]


def read_params(section: str, kind: type[SectionType], path: Path = Path("params.yaml")) -> SectionType:
    """Read one section of params.yaml.

    Parameters
    ----------
    section : str
        One of `SECTIONS`.
    kind : type
        The `Section` that it is read into.
    path : Path

    Raises
    ------
    InputFaults
        With every unknown, missing or unsuitable key of the section, each with its line.
    """
    values, lines = load(path)
    refuse(
        f"{path}:{lines[name,]}: unknown section {name!r}{suggestion(name, SECTIONS)}"
        for name in values
        if name not in SECTIONS
    )
    # A section without a key is nothing to YAML.
    return checked({} if values.get(section) is None else values[section], (section,), kind, path, lines)


def read_flat_params(kind: type[SectionType], path: Path) -> SectionType:
    """Read a file of params that is one section as a whole; faults as for `read_params`."""
    values, lines = load(path)
    return checked(values, (), kind, path, lines)


def checked(
    values: object, place: tuple[str, ...], kind: type[SectionType], path: Path, lines: dict[tuple, int]
) -> SectionType:
    """Turn the values at a place of a file of params into their type, or refuse them line by line."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise InputFaults(
            f"{path}:{nearest_line(lines, (*place, *fault['loc']))}: {describe(place, kind, fault)}"
            for fault in error.errors()
        ) from None


def load(path: Path) -> tuple[dict, dict[tuple, int]]:
    """Read params.yaml and the line of every key; raise `InputFaults` for what is not plain YAML."""
    try:
        text = remembered(path).read_text(encoding="utf-8")
        # In this order, because the second cannot bear what the first refuses, nor the third what the second does.
        refuse(f"{path}:{fault}" for fault in form_faults(text))
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        refuse(f"{path}:{fault}" for fault in key_faults(node))
        values = yaml.safe_load(text)
    except FileNotFoundError:
        raise InputFaults([f"{path}: there is no such file; stages run in the folder that holds it"]) from None
    except UnicodeDecodeError as error:
        line = 1 + error.object[: error.start].count(b"\n")
        raise InputFaults([f"{path}:{line}: not UTF-8 text; save the file as UTF-8"]) from None
    except yaml.reader.ReaderError as error:
        line = 1 + text[: error.position].count("\n")
        raise InputFaults([f"{path}:{line}: not YAML: a character that cannot be seen; remove it"]) from None
    except yaml.MarkedYAMLError as error:
        raise InputFaults([f"{path}:{error.problem_mark.line + 1}: not YAML: {error.problem}"]) from None
    if not isinstance(values, dict):
        raise InputFaults([f"{path}:1: should hold names and values, such as `seed: 1`, each on a line of its own"])
    return values, key_lines(node)


def form_faults(text: str) -> Iterator[str]:
    """Yield line and fault of everything in a YAML text that a list of params has no need of, and that does harm."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            yield f"{line}: more than {DEEPEST} levels of brackets or indentation; write keys and values"
            return
        if isinstance(event, yaml.AliasEvent):
            yield f"{line}: *{event.anchor} stands for a value elsewhere; write the value out"
        elif getattr(event, "tag", None):
            yield f"{line}: the tag {event.tag!r} is not understood; write the value alone"
        elif isinstance(event, yaml.ScalarEvent):
            fault = scalar_fault(event.value, plain=event.implicit[0])
            if fault:
                yield f"{line}: {fault}"


def scalar_fault(text: str, plain: bool) -> str | None:
    """Return what is wrong with a key or a value; a plain one stands without quotation marks."""
    if len(text) > LONGEST_VALUE:
        return f"a value of {len(text)} characters; {LONGEST_VALUE} are the most"
    if not plain:
        return None
    try:
        # PyYAML takes 2026-13-45 for a date and 0x_ for a number, and fails when it makes them.
        value = yaml.safe_load(text)
    except (ValueError, yaml.YAMLError):
        return f"{text!r} is not a value; correct it, or put it in quotation marks"
    if type(value) in (int, float) and not PLAIN_NUMBER.fullmatch(text):
        return f"{text} would be read as {value}; write the number in plain digits"
    return None


def key_faults(node: yaml.Node | None) -> Iterator[str]:
    """Yield line and fault of the keys that are not names, and of those that are there twice."""
    if isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from key_faults(value)
    if isinstance(node, yaml.MappingNode):
        first_line: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.tag != "tag:yaml.org,2002:str":
                yield f"{line}: a key that is not a name; write a name, or put it in quotation marks"
            elif key.value in first_line:
                yield f"{line}: {key.value!r} is on line {first_line[key.value]} already; keep one of them"
            else:
                first_line[key.value] = line
            yield from key_faults(value)


def key_lines(node: yaml.Node, path: tuple = ()) -> dict[tuple, int]:
    """Map the path of every key, such as ('split', 'seed'), to its line."""
    lines = {}
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            lines[(*path, key.value)] = key.start_mark.line + 1
            lines |= key_lines(value, (*path, key.value))
    return lines


def param_line(section: str, key: str, path: Path = Path("params.yaml")) -> int:
    """Return the line of a key, for faults that only a stage can find."""
    _, lines = load(path)
    return nearest_line(lines, (section, key))


def nearest_line(lines: dict[tuple, int], path: tuple) -> int:
    """Return the line of a key, or of the nearest key around it where it is missing."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def describe(place: tuple[str, ...], kind: type[Section], fault: dict) -> str:
    """Turn a fault found by pydantic into a sentence."""
    name = ".".join([*place, *map(str, fault["loc"])])
    value = fault["input"]
    if fault["type"] == "extra_forbidden":
        return f"unknown key {name!r}{suggestion(str(fault['loc'][-1]), kind.model_fields)}"
    if fault["type"] == "missing":
        return f"{name} is missing"
    if fault["type"] == "model_type":
        return f"{name} should hold {', '.join(kind.model_fields)}, each on a line of its own, not {shortened(value)}"
    message = fault["msg"].removeprefix("Value error, ")
    return f"{name}: {message[0].lower() + message[1:]}, not {shortened(value)}{number_hint(value)}"


def number_hint(value: object) -> str:
    """Return how to write a number that is text to YAML, such as 1e-3, which has no point, or '3'."""
    try:
        number = float(value) if isinstance(value, str) else float("nan")
    except ValueError:
        return ""
    return f" (which is text); write {Decimal(repr(number)).normalize():f}" if isfinite(number) else ""


def suggestion(name: str, known: "list[str] | tuple[str, ...] | dict") -> str:
    """Return '; did you mean ...?' or what is known."""
    close = get_close_matches(str(name), list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(known)}"
