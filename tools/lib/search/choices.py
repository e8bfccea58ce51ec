"""The choices of a user of `tools.detect`."""

from pathlib import Path
from typing import NamedTuple

from stages.lib.features.feature_params import FeatureParams
from stages.lib.model.model_folder import RETRAINED, model_digest
from stages.lib.runtime.params import DataParams, read_params
from tools.lib.clips.clip_rows import SHORTEST_HOP_S
from tools.lib.detection.run_record import Run, run_id
from tools.lib.formats.detection_files import FORMS
from tools.lib.recordings.register import site_faults
from tools.lib.search.run_tables import DAY

HOPS_A_WINDOW = 4  # Any call of up to three quarters of a window lies whole in one window.


class Choices(NamedTuple):
    """The choices of a user.

    Attributes
    ----------
    folder : Path
        Output folder.
    form : str
        A key of `FORMS`.
    threshold : float
        Score in [0, 1] that a window must exceed.
    hop_s : float or None
        Seconds between the starts of two windows; None for a quarter of a window.
    pictures : bool
    any_rate : bool
        Whether to accept recordings whose sample rate is too low for some frequencies that the model uses.
    site : str or None
        Site of all recordings; None to take it from their names and folders.
    per : str
        The unit of a table: `recording` or `day`.
    """

    folder: Path
    form: str
    threshold: float
    hop_s: float | None
    pictures: bool
    any_rate: bool
    site: str | None
    per: str


def option_faults(choices: Choices, clip_s: float) -> list[str]:
    """List the faults of the options, for a model with windows of some length."""
    faults = []
    if not 0 <= choices.threshold < 1:
        faults.append(f"--threshold {choices.threshold:g}: should be 0 or more, and less than 1")
    if choices.hop_s is not None and not SHORTEST_HOP_S <= choices.hop_s <= clip_s:
        faults.append(
            f"--hop {choices.hop_s:g}: should be at least {SHORTEST_HOP_S} s, and no more than a window of {clip_s:g} s"
        )
    faults += site_faults(choices.site)
    if choices.per == DAY and not FORMS[choices.form].many:
        faults.append(f"--per day: a table of {choices.form} belongs to one recording; choose another --format")
    return faults


def wanted_run(choices: Choices, params: FeatureParams) -> Run:
    """Return the run that the options ask for, without any recordings yet."""
    model, hop_s = model_digest(RETRAINED), choices.hop_s or params.clip_s / HOPS_A_WINDOW
    return Run(
        run=run_id(model, params.clip_s, hop_s),
        model=model,
        clip_s=params.clip_s,
        hop_s=hop_s,
        threshold=choices.threshold,
        dataset=read_params("data", DataParams).dataset,
        form=choices.form,
        per=choices.per,
    )
