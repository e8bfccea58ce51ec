"""The choices of the experiment: its own params.yaml."""

from pathlib import Path
from typing import Annotated

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
    pool: Count
    test: Count


class Rounds(Section):
    """Labels at the start, in a round and at the end, and the share of them that is held out for validation."""

    start: Count
    batch: Count
    end: Count
    valid_share: Share

    @model_validator(mode="after")
    def end_is_reached(self) -> "Rounds":
        """Refuse rounds that do not end with the labels asked for, and validation without a clip."""
        if self.end < self.start or (self.end - self.start) % self.batch:
            raise ValueError("should have an end that is the start and some batches")
        if not 1 <= self.valid_of(self.start) < self.start:
            raise ValueError("should have a valid_share that leaves clips of the start on both sides")
        return self

    @property
    def label_counts(self) -> list[int]:
        """The labels that there are in each round."""
        return list(range(self.start, self.end + 1, self.batch))

    def valid_of(self, label_count: int) -> int:
        """Return how many of some labels are held out for validation."""
        return round(self.valid_share * label_count)


class ModelLabels(Section):
    """Whether the model's own labels are tried, and the band of scores that gets none."""

    use: bool
    low: Share
    high: Share


class Steps(Section):
    """With how many clips `train.epochs` make the gradient steps of a training, and the most there may be."""

    as_for: Count
    at_most: Count


class Settings(Section):
    """The whole file."""

    datasets: list[str]
    strategies: list[str]
    seeds: list[int]
    sources: dict[str, Source]
    rounds: Rounds
    model_labels: ModelLabels
    steps: Steps


def read_settings() -> Settings:
    """Read the params of the experiment; `InputFaults` name each fault by its line."""
    return read_flat_params(Settings, PARAMS)
