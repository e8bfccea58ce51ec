"""The inputs of a training: its params, and labelled clips."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from stages.lib.runtime.params import Section
from stages.lib.tables.clips import CALL


class TrainParams(Section):
    """Section `train` of params.yaml."""

    seed: Annotated[int, Field(ge=0, lt=2**32)]
    epochs: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=1)]
    networks: Annotated[int, Field(ge=1)]
    learning_rate: Annotated[float, Field(gt=0, le=1)]


class LabelledClips(NamedTuple):
    """Labelled clips: ids, labels (`call` or `nocall`) and weights, and the ids of the clips that a model labelled."""

    clip_ids: list[str]
    labels: list[str]
    weights: list[float]
    by_model: frozenset[str] = frozenset()

    @classmethod
    def unweighted(cls, clip_ids: Sequence[str], labels: Sequence[str]) -> "LabelledClips":
        """Return clips of weight 1."""
        return cls(list(clip_ids), list(labels), [1.0] * len(clip_ids))

    @property
    def is_call(self) -> np.ndarray:
        """Whether each clip is a call: bool of shape (clips,)."""
        return np.array([label == CALL for label in self.labels], bool)

    @property
    def by_people(self) -> np.ndarray:
        """Whether each label comes from people: bool of shape (clips,)."""
        return np.array([clip_id not in self.by_model for clip_id in self.clip_ids], bool)

    @property
    def targets(self) -> np.ndarray:
        """1 for a call and 0 for a no-call: float32 of shape (clips, 1)."""
        return self.is_call.astype(np.float32)[:, None]
