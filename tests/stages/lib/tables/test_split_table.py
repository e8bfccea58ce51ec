from stages.lib.tables.clips import Clip
from stages.lib.tables.split import SplitClip, read_split, write_split


def test_clips_with_a_part_are_written_in_the_order_of_their_ids(tmp_path):
    clips = [Clip(line, clip_id, "sea.wav", 0.0, "call", "") for line, clip_id in enumerate(["c", "a", "b"], start=2)]
    write_split(tmp_path / "split.csv", clips, {"c": "train", "a": "test"})
    assert (tmp_path / "split.csv").read_text() == "clip_id,part,label\na,test,call\nc,train,call\n"


def test_the_split_is_read_back_with_empty_labels(tmp_path):
    write_split(tmp_path / "split.csv", [Clip(2, "a", "sea.wav", 0.0, "", "")], {"a": "pool"})
    assert read_split(tmp_path / "split.csv") == [SplitClip("a", "pool", "")]
