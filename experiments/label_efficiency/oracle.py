"""The expert of the experiment: knows every label of the pool, says one only when asked, and counts."""

from collections.abc import Mapping, Sequence


class Oracle:
    """Labels of a pool that are hidden until they are asked for.

    Parameters
    ----------
    truth : mapping
        From clip id to `call` or `nocall`.
    """

    def __init__(self, truth: Mapping[str, str]):
        self._truth = dict(truth)
        self._asked: dict[str, str] = {}

    @property
    def answers(self) -> dict[str, str]:
        """All labels that were said so far, in the order in which they were asked for."""
        return dict(self._asked)

    def ask(self, clip_ids: Sequence[str]) -> None:
        """Say the labels of some clips; each must be of the pool, and can be asked about once."""
        for clip_id in clip_ids:
            if clip_id in self._asked:
                raise ValueError(f"{clip_id} was asked about already")
            self._asked[clip_id] = self._truth[clip_id]

    def count_wrong(self, labels: Mapping[str, str]) -> int:
        """Count the labels of a model that are wrong: for the table of results, nothing is learnt from it."""
        return sum(self._truth[clip_id] != label for clip_id, label in labels.items())
