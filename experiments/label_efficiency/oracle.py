"""The simulated expert: it knows all labels of the pool, but reveals only those asked for."""

from collections.abc import Mapping, Sequence


class Oracle:
    """Labels of a pool, hidden until they are asked for.

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
        """All labels revealed so far, in the order of the questions."""
        return dict(self._asked)

    def ask(self, clip_ids: Sequence[str]) -> None:
        """Reveal the labels of some clips; each clip must be in the pool, and can be asked about once."""
        for clip_id in clip_ids:
            if clip_id in self._asked:
                raise ValueError(f"{clip_id} has already been asked about")
            self._asked[clip_id] = self._truth[clip_id]

    def count_wrong(self, labels: Mapping[str, str]) -> int:
        """Count the wrong labels of a model. This is only for the results; no model learns from it."""
        return sum(self._truth[clip_id] != label for clip_id, label in labels.items())
