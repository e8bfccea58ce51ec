"""params.yaml: each section read into a type of its own, with every fault named by its line."""

from collections.abc import Mapping
from decimal import Decimal
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from reprlib import repr as shortened
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.located_yaml import nearest_line, read_located

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
    values, lines = read_located(path)
    refuse(
        f"{path}:{lines[name,]}: unknown section {name!r}{suggestion(name, SECTIONS)}"
        for name in values
        if name not in SECTIONS
    )
    # A section without a key is nothing to YAML.
    return checked({} if values.get(section) is None else values[section], (section,), kind, path, lines)


def read_flat_params(kind: type[SectionType], path: Path) -> SectionType:
    """Read a file of params that is one section as a whole; faults as for `read_params`."""
    values, lines = read_located(path)
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


def param_line(section: str, key: str, path: Path = Path("params.yaml")) -> int:
    """Return the line of a key, for faults that only a stage can find."""
    _, lines = read_located(path)
    return nearest_line(lines, (section, key))


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
    found = "" if isinstance(value, Mapping) else f", not {shortened(value)}{number_hint(value)}"
    return f"{name}: {message[0].lower() + message[1:]}{found}"


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
