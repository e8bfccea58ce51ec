import pytest

from tools.lib.recordings.recording_name import Origin, is_named_after, named_after, origin_of, stem


@pytest.mark.parametrize(
    ("stem", "site", "began"),
    [
        ("rpi_orcasound_lab_1562337136_0004", "orcasound_lab", "2019-07-05T14:32:16Z"),
        ("rpi_bush_point_1562337136", "bush_point", "2019-07-05T14:32:16Z"),
        ("orcasound_lab_1562337136_0004", "orcasound_lab", "2019-07-05T14:32:16Z"),
        ("rpi-orcasound-lab_1562337136", "orcasound_lab", "2019-07-05T14:32:16Z"),
        ("AMAR173.4.20190916T061248Z", "AMAR173", "2019-09-16T06:12:48Z"),
        ("AMAR538.20201003T000000Z", "AMAR538", "2020-10-03T00:00:00Z"),
        ("5066.190705140000", "SoundTrap5066", "2019-07-05T14:00:00"),
        ("335851542.180925180000", "SoundTrap335851542", "2018-09-25T18:00:00"),
        ("NOPP6_EST_20090328_001500", "", "2009-03-28T00:15:00"),
        ("20200101T120000Z", "", "2020-01-01T12:00:00Z"),
        ("GSC_2000-05-19_00-15-00", "", "2000-05-19T00:15:00"),
        ("bay_20201301_000000", "", ""),  # a 13th month
        ("5066.191305140000", "SoundTrap5066", ""),
        ("OS_20190705_0004", "", ""),
        ("bay", "", ""),
        ("serial_123456789012345678901234", "", ""),
        # A Song Meter whose clock a GPS has set.
        ("ARIZONA-1_20161023$195550", "", "2016-10-23T19:55:50"),
        ("S4A01234_20230411_$221029", "", "2023-04-11T22:10:29"),
        ("230411-221029", "", "2023-04-11T22:10:29"),
        ("bay_230411_221029_2", "", "2023-04-11T22:10:29"),
        ("2019_07_05_14_00_00", "", "2019-07-05T14:00:00"),
        ("bay-2019-07-05-14-00-00", "", "2019-07-05T14:00:00"),
        ("2019-07-05 14.00.00", "", "2019-07-05T14:00:00"),
        ("123456_20190705_140000", "", "2019-07-05T14:00:00"),
        # AudioMoth: seconds since 1970.
        ("5D1F5E30", "", "2019-07-05T14:26:56Z"),
        ("20190705", "", ""),
        ("61234567", "", ""),
        ("FFFFFFFF", "", ""),
        ("DEADBEEF1", "", ""),
        # With a zone.
        ("ICLISTENHF1251_20190705T140000.000Z", "", "2019-07-05T14:00:00Z"),
        ("bay_20190705T140000+0200", "", "2019-07-05T12:00:00Z"),
        ("bay_20190705_140000_-0700", "", "2019-07-05T21:00:00Z"),
        ("bay_20190705_140000_123", "", "2019-07-05T14:00:00"),
    ],
)
def test_a_name_tells_where_and_when(stem, site, began):
    assert origin_of(stem) == Origin(site, began)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.wav", "a"),
        ("sea/a.WAV", "a"),
        ("C:\\sea\\a.flac", "a"),
        ("5066.190705140000", "5066.190705140000"),
        ("5066.190705140000.wav", "5066.190705140000"),
        ("SOCAL_190705_140000.x.wav", "SOCAL_190705_140000"),
        ("e\u0301t\u00e9.mp3", "\u00e9t\u00e9"),
    ],
)
def test_only_the_suffix_of_a_recording_is_taken_off(name, expected):
    assert stem(name) == expected


@pytest.mark.parametrize(
    ("table", "recording"),
    [
        ("a.txt", "a"),
        ("a.wav.txt", "a.wav"),
        ("a_labels.txt", "a"),
        ("a labels.txt", "a"),
        ("a.labels.txt", "a"),
        ("a-Label Track.txt", "a"),
        ("Labels.txt", ""),
        ("Label Track.txt", ""),
        ("Label Track 2.txt", ""),
        ("5066.190705140000.txt", "5066.190705140000"),
        ("5066.190705140000_labels.txt", "5066.190705140000"),
        ("a.Table.1.selections.txt", "a"),
        ("a.b.selections.txt", "a.b"),
        ("a.BirdNET.selection.table.txt", "a"),
        ("a.BirdNET.results.csv", "a"),
        ("a.CSV", "a"),
    ],
)
def test_files_of_annotations_are_named_after_recordings(table, recording):
    assert named_after(table) == recording


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("a.Table.1.selections.txt", True),
        ("a_val.txt", True),
        ("a.wav.txt", True),
        ("north--a.Table.1.selections.txt", True),  # as detect names it
        ("ab.txt", False),
        ("b_a.txt", False),
    ],
)
def test_the_name_of_a_table_may_say_more_than_that_of_its_recording(table, expected):
    assert is_named_after(table, "C:\\sea\\north\\a.wav") == expected
