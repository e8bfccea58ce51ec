"""The settings of the experiment, from the params.yaml in its folder."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from stages.lib.runtime.params import Section, read_flat_params

HERE = Path("experiments/label_efficiency")
PARAMS = HERE / "params.yaml"
FEATURES, RUNS, ASKED, TABLES = HERE / "features", HERE / "runs", HERE / "asked", HERE / "tables"

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(gt=0, lt=1)]


class Source(Section):
    """A data set: its folder, its changes to the params of the pipeline, and its split."""

    folder: str
    overlay: str
    group_by: Literal["recording", "site"]
    pool: Count
    test: Count


class Kind(Section):
    """A kind of model, and its runs.

    Attributes
    ----------
    views : list of str
        Views of a clip that the model uses.
    strategies, seeds : list
        Each strategy runs with each seed.
    labels : dict
        From data set to the numbers of labels at which the model is measured, in rising order. The first labels are
        drawn at random.
    valid_share : float
        Share of all labels that is drawn at random and held out for calibration.
    model_labels_until : int
        Up to this number of labels, a second model also learns from the confident labels of the first.
    """

    views: list[Literal["spectrogram", "embedding"]]
    strategies: list[str]
    seeds: list[int]
    labels: dict[str, list[Count]]
    valid_share: Annotated[float, Field(ge=0, lt=1)]
    model_labels_until: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def labels_rise(self) -> "Kind":
        """Refuse numbers of labels that are not in rising order."""
        if any(counts != sorted(set(counts)) or not counts for counts in self.labels.values()):
            raise ValueError("should have numbers of labels in rising order")
        return self

    def valid_of(self, label_count: int) -> int:
        """Return the number of labels held out for calibration."""
        return round(self.valid_share * label_count)


class Band(Section):
    """The range of scores, including both ends, of clips that get no label from the model."""

    low: Share
    high: Share


class Steps(Section):
    """Gradient steps of a training: as many as `train.epochs` gives for `as_for` clips, but at most `at_most`."""

    as_for: Count
    at_most: Count


class Views(Section):
    """The views to compute for each clip, and the pretrained model of the embedding."""

    views: list[Literal["spectrogram", "embedding"]]
    pretrained: str


class Settings(Section):
    """The whole params.yaml of the experiment."""

    datasets: list[str]
    featurize: Views
    kinds: dict[str, Kind]
    sources: dict[str, Source]
    band: Band
    steps: Steps


def read_settings() -> Settings:
    """Read the params of the experiment; `InputFaults` name each fault by its line."""
    return read_flat_params(Settings, PARAMS)
