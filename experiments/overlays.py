"""Overlays: YAML files with changes to params.yaml."""

from collections.abc import Mapping
from pathlib import Path

import yaml

from stages.lib.runtime.params import SectionType, read_params


def read_overlay(path: Path) -> dict:
    """Read a YAML file of changes to the params."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def overlaid(section: str, kind: type[SectionType], *overlays: Mapping) -> SectionType:
    """Return a section of params.yaml with the changes of each overlay to it, in order."""
    values = read_params(section, kind).model_dump()
    for overlay in overlays:
        values |= overlay.get(section, {})
    return kind.model_validate(values)
