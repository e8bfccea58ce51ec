from pathlib import Path

import pytest

from experiments.clone import REPOSITORY
from stages.lib.features.feature_params import FeatureParams
from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.params import read_params


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("channel: mix ", "channel: 0 ", "featurize.channel: should be mix, or the number of a channel, from 1, not 0"),
        (
            "channel: mix ",
            "channel: left ",
            "featurize.channel: should be mix, or the number of a channel, from 1, not ",
        ),
        ("min_hz: 50.0", "min_hz: 10000.0", "featurize: should have min_hz < max_hz <= sample_rate / 2"),
    ],
)
def test_a_fault_is_a_short_sentence(tmp_path: Path, old: str, new: str, fault: str):
    params = tmp_path / "params.yaml"
    params.write_text((REPOSITORY / "params.yaml").read_text().replace(old, new))
    with pytest.raises(InputFaults) as refusal:
        read_params("featurize", FeatureParams, params)
    (line,) = refusal.value.lines
    assert line.partition(" ")[2].startswith(fault)
    assert len(line) < 200
