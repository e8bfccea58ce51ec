import pytest

from tools.lib.annotations.event import Origin
from tools.lib.recording_name import origin_of


@pytest.mark.parametrize(
    ("stem", "site", "began"),
    [
        ("rpi_orcasound_lab_1562337136_0004", "orcasound_lab", "2019-07-05T14:32:16Z"),
        ("rpi_bush_point_1562337136", "bush_point", "2019-07-05T14:32:16Z"),
        ("orcasound_lab_1562337136_0004", "orcasound_lab", "2019-07-05T14:32:16Z"),
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
    ],
)
def test_a_name_tells_where_and_when(stem, site, began):
    assert origin_of(stem) == Origin(site, began)
