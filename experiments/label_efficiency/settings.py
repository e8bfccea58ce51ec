"""The choices of the experiment: its own params.yaml."""

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
    """A data set: its folder, the params laid over those of the pipeline for it, and how it is divided."""

    folder: str
    overlay: str
    group_by: Literal["recording", "site"]
    pool: Count
    test: Count


class Kind(Section):
    """A kind of model, and what is run with it.

    Attributes
    ----------
    views : list of str
        What it sees of a clip.
    strategies, seeds : list
        Each strategy is run with each seed.
    labels : dict
        For each data set the numbers of labels at which it is measured, rising. The first are drawn at random.
    valid_share : float
        The share of all labels that is drawn at random and held out, to calibrate by.
    model_labels_until : int
        Up to so many labels a second model also learns from the confident labels of the first.
    """

    views: list[Literal["spectrogram", "embedding"]]
    strategies: list[str]
    seeds: list[int]
    labels: dict[str, list[Count]]
    valid_share: Annotated[float, Field(ge=0, lt=1)]
    model_labels_until: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def labels_rise(self) -> "Kind":
        """Refuse numbers of labels that do not rise."""
        if any(counts != sorted(set(counts)) or not counts for counts in self.labels.values()):
            raise ValueError("should have numbers of labels that rise")
        return self

    def valid_of(self, label_count: int) -> int:
        """Return how many of some labels are held out for calibration."""
        return round(self.valid_share * label_count)


class Band(Section):
    """The scores, both ends included, of clips that get no label from the model."""

    low: Share
    high: Share


class Steps(Section):
    """With how many clips `train.epochs` make the gradient steps of a training, and the most there may be."""

    as_for: Count
    at_most: Count


class Views(Section):
    """What is computed of each clip: the views, and the pretrained model of the embedding."""

    views: list[Literal["spectrogram", "embedding"]]
    pretrained: str


class Settings(Section):
    """The whole file."""

    datasets: list[str]
    featurize: Views
    kinds: dict[str, Kind]
    sources: dict[str, Source]
    band: Band
    steps: Steps


def read_settings() -> Settings:
    """Read the params of the experiment; `InputFaults` name each fault by its line."""
    return read_flat_params(Settings, PARAMS)
