from experiments.real.unheard import Result, divided, results_table
from stages.lib.split.drawing import draw
from stages.lib.split.params import SplitParams
from stages.lib.tables.clips import Clip

CLIPS = [
    Clip(number + 2, f"sea{number:03d}_0000000", f"sea{number:03d}.flac", 0.0, ("call", "nocall")[number % 2], "")
    for number in range(60)
]


def test_every_clip_that_no_part_needs_is_measured_and_none_of_the_others():
    params = SplitParams(seed=0, group_by="recording", train=20, valid=6, pool=10, test=8)
    held_out, faults = draw(CLIPS, params)
    assert not faults
    train, valid, unheard = (set(clips.clip_ids) for clips in divided(CLIPS, params))
    assert (len(train), len(valid), len(unheard)) == (20, 6, 24)
    assert not train & valid
    pool = {clip_id for clip_id, part in held_out.items() if part == "pool"}
    assert not unheard & (train | valid | pool)


def test_the_table_has_the_kinds_side_by_side_and_their_means_over_the_seeds():
    network, probe = [Result(90, 100, 0.96), Result(92, 100, 0.98)], [Result(94, 100, 0.99)] * 2
    seeds = [dict(zip(("network", "probe"), of_seed, strict=True)) for of_seed in zip(network, probe, strict=True)]
    table = results_table("sea", seeds)
    assert table.startswith("### sea, 100 clips\n")
    assert "| seed | network: accuracy (95 % interval) | network: AUC | probe: accuracy (95 % interval) |" in table
    # Wilson's interval of 90 of 100, and 0.91 +- 12.706 * 0.01 by the t table (one degree of freedom).
    assert "| 0 | 0.9000 (0.8256 to 0.9448) | 0.9600 | 0.9400 (" in table
    assert "| **mean** | 0.9100 (0.7829 to 1.0371) | 0.9700 (0.8429 to 1.0971) | 0.9400 (" in table
