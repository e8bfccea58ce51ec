"""params.yaml: each section read into a type of its own, with every fault named by its line."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from reprlib import repr as shortened
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, Event, ScalarEvent
from ruamel.yaml.nodes import MappingNode, Node
from ruamel.yaml.reader import ReaderError

from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.inputs import remembered

DEEPEST = 10  # Collections within collections; libraries that follow them recursively fail at about a thousand.
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
        faults = error.errors()
        # The places above those of faults: a list with a wrong item is not also too short.
        above = {fault["loc"][:depth] for fault in faults for depth in range(len(fault["loc"]))}
        raise InputFaults(
            f"{path}:{nearest_line(lines, (*place, *fault['loc']))}: {describe(place, kind, fault)}"
            for fault in faults
            if fault["loc"] not in above
        ) from None


def load(path: Path) -> tuple[dict, dict[tuple, int]]:
    """Read params.yaml, in YAML 1.2 as DVC does, and the line of every key; refuse what is not plain YAML."""
    reader = YAML(typ="safe", pure=True)
    reader.Constructor = LocatingConstructor
    try:
        text = remembered(path).read_text(encoding="utf-8")
        # In this order, because the second cannot bear what the first refuses.
        refuse(f"{path}:{fault}" for fault in form_faults(reader.parse(text)))
        lines, faults = key_lines(reader.compose(text))
        refuse(f"{path}:{fault}" for fault in faults)
        values = reader.load(text)
    except FileNotFoundError:
        raise InputFaults([f"{path}: there is no such file; stages run in the folder that holds it"]) from None
    except UnicodeDecodeError as error:
        line = 1 + error.object[: error.start].count(b"\n")
        raise InputFaults([f"{path}:{line}: not UTF-8 text; save the file as UTF-8"]) from None
    except ReaderError as error:
        line = 1 + text[: error.position].count("\n")
        raise InputFaults([f"{path}:{line}: not YAML: a character that cannot be seen; remove it"]) from None
    except MarkedYAMLError as error:
        raise InputFaults([f"{path}:{error.problem_mark.line + 1}: not YAML: {error.problem}"]) from None
    if not isinstance(values, dict):
        raise InputFaults([f"{path}:1: should hold names and values, such as `seed: 1`, each on a line of its own"])
    return values, lines


class LocatingConstructor(SafeConstructor):
    """Makes values; one that cannot be made, such as the date 2026-13-45, is an error with its line."""

    def construct_object(self, node: Node, deep: bool = False) -> object:
        """Make the value of a node."""
        try:
            return super().construct_object(node, deep)
        except ValueError:
            fault = f"{shortened(node.value)} is not a value; correct it, or put it in quotation marks"
            raise ConstructorError(problem=fault, problem_mark=node.start_mark) from None


def form_faults(events: Iterable[Event]) -> Iterator[str]:
    """Yield line and fault of everything in a YAML text that a list of params has no need of, and that does harm."""
    depth = 0
    for event in events:
        line = event.start_mark.line + 1
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > DEEPEST:
            yield f"{line}: more than {DEEPEST} levels of brackets or indentation; write keys and values"
            return
        if isinstance(event, AliasEvent):
            yield f"{line}: *{event.anchor} stands for a value elsewhere; write the value out"
        elif isinstance(event, ScalarEvent | CollectionStartEvent) and event.tag:
            yield f"{line}: the tag {str(event.tag)!r} is not understood; write the value alone"


def key_lines(node: Node | None, place: tuple = ()) -> tuple[dict[tuple, int], list[str]]:
    """Map the place of every key, such as ('split', 'seed'), to its line; list line and fault of the wrong ones."""
    lines: dict[tuple, int] = {}
    faults = []
    for key, value in node.value if isinstance(node, MappingNode) else []:
        line = key.start_mark.line + 1
        if key.tag != "tag:yaml.org,2002:str":
            faults.append(f"{line}: a key that is not a name; write a name, or put it in quotation marks")
            continue
        here = (*place, key.value)
        if here in lines:
            faults.append(f"{line}: {key.value!r} is on line {lines[here]} already; keep one of them")
            continue
        of_value, faults_of_value = key_lines(value, here)
        lines |= {here: line} | of_value
        faults += faults_of_value
    return lines, faults


def param_line(section: str, key: str, path: Path = Path("params.yaml")) -> int:
    """Return the line of a key, for faults that only a stage can find."""
    _, lines = load(path)
    return nearest_line(lines, (section, key))


def nearest_line(lines: dict[tuple, int], path: tuple) -> int:
    """Return the line of a key, or of the nearest key around it where it is missing."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def describe(place: tuple[str, ...], kind: type[Section], fault: Mapping[str, Any]) -> str:
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
