import itertools

from stages.lib.tables.merged import MergedClip, read_merged, write_merged

CLIPS = [
    MergedClip("b_0000000", "call", "expert", 1.0, "pool"),
    MergedClip("a_0000000", "nocall", "dataset", 1.0, "train"),
    MergedClip("c_0000000", "call", "model", 0.5, "pool"),
]


def test_equal_labels_are_equal_files_in_any_order(tmp_path):
    contents = set()
    for clips in itertools.permutations(CLIPS):
        write_merged(tmp_path / "merged.csv", clips)
        contents.add((tmp_path / "merged.csv").read_bytes())
    assert contents == {
        b"clip_id,label,source,weight,part\n"
        b"a_0000000,nocall,dataset,1.0,train\n"
        b"b_0000000,call,expert,1.0,pool\n"
        b"c_0000000,call,model,0.5,pool\n"
    }


def test_labels_are_read_back(tmp_path):
    write_merged(tmp_path / "merged.csv", CLIPS)
    assert read_merged(tmp_path / "merged.csv") == sorted(CLIPS)
