"""YAML with the line of every key. Features of YAML that a params file does not need are faults."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from reprlib import repr as shortened

from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, Event, ScalarEvent
from ruamel.yaml.nodes import MappingNode, Node
from ruamel.yaml.reader import ReaderError

from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.inputs import remembered

DEEPEST = 10  # Nested collections; libraries that read them recursively fail at about a thousand.


def read_located(path: Path) -> tuple[dict, dict[tuple, int]]:
    """Read params.yaml (YAML 1.2, like DVC) and the line of every key; refuse anything but plain YAML."""
    reader = YAML(typ="safe", pure=True)
    reader.Constructor = LocatingConstructor
    try:
        text = remembered(path).read_text(encoding="utf-8")
        # This check comes first, because composing can fail on what it refuses.
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
        raise InputFaults([f"{path}:{line}: not YAML: an invisible character; remove it"]) from None
    except MarkedYAMLError as error:
        raise InputFaults([f"{path}:{error.problem_mark.line + 1}: not YAML: {error.problem}"]) from None
    if not isinstance(values, dict):
        raise InputFaults([f"{path}:1: should hold names and values, such as `seed: 1`, each on a line of its own"])
    return values, lines


class LocatingConstructor(SafeConstructor):
    """Constructs values; one that cannot be constructed, such as the date 2026-13-45, is an error with its line."""

    def construct_object(self, node: Node, deep: bool = False) -> object:
        """Construct the value of a node."""
        try:
            return super().construct_object(node, deep)
        except ValueError:
            fault = f"{shortened(node.value)} is not a value; correct it, or put it in quotation marks"
            raise ConstructorError(problem=fault, problem_mark=node.start_mark) from None


def form_faults(events: Iterable[Event]) -> Iterator[str]:
    """Yield the line and fault of everything in a YAML text that is harmful and that params do not need."""
    depth = 0
    for event in events:
        line = event.start_mark.line + 1
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > DEEPEST:
            yield f"{line}: more than {DEEPEST} levels of brackets or indentation; write keys and values"
            return
        if isinstance(event, AliasEvent):
            yield f"{line}: *{event.anchor} refers to another value; write out the value"
        elif isinstance(event, ScalarEvent | CollectionStartEvent) and event.tag:
            yield f"{line}: the tag {str(event.tag)!r} is not supported; write the value alone"


def key_lines(node: Node | None, place: tuple = ()) -> tuple[dict[tuple, int], list[str]]:
    """Map the place of every key, such as ('split', 'seed'), to its line; list the lines and faults of wrong keys."""
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


def nearest_line(lines: dict[tuple, int], path: tuple) -> int:
    """Return the line of a key, or of the nearest key around it if it is missing."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)
