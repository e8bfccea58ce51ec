"""Values of params.yaml, changed in place: comments, order and all other values stay as they are."""

import io
from collections.abc import Mapping
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from stages.lib.runtime.atomic_write import write_text

PARAMS = Path("params.yaml")

Value = str | int | float | list[str]
LONGEST_LINE = 2**30  # Lines are never broken.


def set_params(values: Mapping[tuple[str, str], Value], path: Path = PARAMS) -> None:
    """Write values to params.yaml.

    Parameters
    ----------
    values : mapping
        From an existing section and key to the new value.
    path : Path
    """
    write_text(path, with_values(path.read_text(encoding="utf-8"), values))


def with_values(text: str, values: Mapping[tuple[str, str], Value]) -> str:
    """Return the text of a params file with new values for some keys."""
    places = value_places(YAML(typ="safe", pure=True).compose(text))
    # From the end of the text, so that earlier positions stay valid.
    for (begin, end), value in sorted(((places[key], value) for key, value in values.items()), reverse=True):
        text = f"{text[:begin]}: {yaml_text(value).splitlines()[0]}{text[end:]}"
    return text


def value_places(root: MappingNode) -> dict[tuple[str, str], tuple[int, int]]:
    """Map section and key to the positions in the text where the key ends and where its value ends."""
    return {
        (section.value, key.value): (key.end_mark.index, end_of(value))
        for section, keys in root.value
        for key, value in (keys.value if isinstance(keys, MappingNode) else [])
    }


def end_of(node: Node) -> int:
    """Return where a value ends; for a list with one item per line, ruamel gives the start of the next key instead."""
    if isinstance(node, SequenceNode) and not node.flow_style and node.value:
        return end_of(node.value[-1])
    return node.end_mark.index


def yaml_text(value: object) -> str:
    """Return a value as YAML 1.2, the version in which params are read."""
    text, yaml = io.StringIO(), YAML()
    yaml.default_flow_style = isinstance(value, list)  # Lists are in brackets, on one line.
    yaml.width = LONGEST_LINE
    yaml.dump(value, text)
    return text.getvalue()
