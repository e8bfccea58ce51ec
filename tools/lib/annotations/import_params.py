"""`data/<name>/params.yaml`: the params of an import."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from stages.lib.runtime.atomic_write import write_text
from stages.lib.runtime.params import Section, read_flat_params
from tools.lib.params_file import yaml_text

NAME = "params.yaml"
TEXT = """\
# How the clips of this data set are made from its annotations. Change a key, and `dvc repro` makes them again.

seed: {seed}               # for drawing windows without a call
gap_s: {gap_s}               # least distance of such a window from calls and uncertain annotations, in seconds
nocalls_per_call: {nocalls_per_call}    # windows drawn per call
# The meaning of the annotators' words: call, nocall, unsure (to the pool, without a label) or other (a sound that is
# not a call). * matches any letters. A word without * wins over patterns; of these, the first match wins.
{labels}# Columns that hold these words. They take precedence over the known column names. none: no column does.
{words}"""


class ImportParams(Section):
    """The params of an import; `labels` maps a word to `call`, `nocall`, `unsure` or `other`."""

    seed: Annotated[int, Field(ge=0)] = 2020
    gap_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 2.0
    nocalls_per_call: Annotated[float, Field(ge=0, le=1000)] = 1.0
    labels: dict[str, Literal["call", "nocall", "unsure", "other"]] = {}
    words: list[str] = []


def read_import_params(folder: Path) -> ImportParams:
    """Read the params of a data set; the defaults if it has none yet."""
    return read_flat_params(ImportParams, folder / NAME) if (folder / NAME).exists() else ImportParams()


def with_labels(params: ImportParams, labels: Mapping[str, str], words: Sequence[str] = ()) -> ImportParams:
    """Return params with further labels and word columns; new ones take precedence over those before."""
    before = {word: kind for word, kind in params.labels.items() if word not in labels}
    columns = list(dict.fromkeys([*words, *params.words]))
    return params.model_copy(update={"labels": {**labels, **before}, "words": columns})


def write_import_params(folder: Path, params: ImportParams) -> None:
    """Write the params each with a comment."""
    mappings = {key: yaml_text({key: getattr(params, key)}) for key in ("labels", "words")}
    write_text(folder / NAME, TEXT.format(**params.model_dump(exclude=set(mappings)), **mappings))
