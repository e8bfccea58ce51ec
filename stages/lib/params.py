"""params.yaml: each section read into a type of its own, with every fault named by its line."""

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stages.lib.faults import InputFaults, refuse

SECTIONS = ("data", "featurize", "split", "train", "score_pool", "retrain")


class Section(BaseModel):
    """A section of params.yaml: no unknown key, no silent conversion, no change afterwards."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


SectionType = TypeVar("SectionType", bound=Section)


class DataParams(Section):
    """Section `data`: the data set, a folder below data/."""

    dataset: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]

    @property
    def folder(self) -> Path:
        """The folder of the data set."""
        return Path("data") / self.dataset


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
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputFaults([f"{path}: there is no such file; stages run in the folder that holds it"]) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise InputFaults([f"{path}:{line}: not YAML: {getattr(error, 'problem', None) or error}"]) from None
    if not isinstance(values, dict):
        raise InputFaults([f"{path}: should hold the sections {', '.join(SECTIONS)}"])
    lines = key_lines(node)
    refuse(
        f"{path}:{lines.get((str(name),), 1)}: unknown section {name!r}{suggestion(name, SECTIONS)}"
        for name in values
        if name not in SECTIONS
    )
    try:
        return kind.model_validate(values.get(section) or {})
    except ValidationError as error:
        raise InputFaults(
            f"{path}:{nearest_line(lines, (section, *fault['loc']))}: {describe(section, kind, fault)}"
            for fault in error.errors()
        ) from None


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
    node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    return nearest_line(key_lines(node), (section, key))


def nearest_line(lines: dict[tuple, int], path: tuple) -> int:
    """Return the line of a key, or of the nearest key around it where it is missing."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def describe(section: str, kind: type[Section], fault: dict) -> str:
    """Turn a fault found by pydantic into a sentence."""
    name = ".".join([section, *map(str, fault["loc"])])
    if fault["type"] == "extra_forbidden":
        return f"unknown key {name}{suggestion(str(fault['loc'][-1]), kind.model_fields)}"
    if fault["type"] == "missing":
        return f"{name} is missing"
    message = fault["msg"].removeprefix("Value error, ")
    return f"{name}: {message[0].lower() + message[1:]}, not {fault['input']!r}"


def suggestion(name: str, known: "list[str] | tuple[str, ...] | dict") -> str:
    """Return '; did you mean ...?' or what is known."""
    close = get_close_matches(str(name), list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(known)}"
