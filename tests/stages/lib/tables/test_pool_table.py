from stages.lib.tables.pool import PoolClip, read_pool, write_pool


def test_the_pool_is_written_in_the_order_of_clip_ids_with_six_decimals(tmp_path):
    write_pool(tmp_path / "pool.csv", [PoolClip("b", 1.0, "call", "audit"), PoolClip("a", 0.000001, "nocall")])
    assert (tmp_path / "pool.csv").read_text() == (
        "clip_id,p_call,decision,queued\na,0.000001,nocall,\nb,1.000000,call,audit\n"
    )


def test_the_pool_is_read_back(tmp_path):
    pool = [PoolClip("a", 0.4, "uncertain", "chosen"), PoolClip("b", 0.123456, "nocall")]
    write_pool(tmp_path / "pool.csv", pool)
    assert read_pool(tmp_path / "pool.csv") == pool
