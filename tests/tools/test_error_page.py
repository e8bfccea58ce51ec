"""The page of errors in a real Chromium, and as the tool writes it from a real model."""

import contextlib
import re

import joblib
import numpy as np
import pytest
import soundfile
import yaml
from scipy.special import logit
from selenium.webdriver import ActionChains, Keys

from experiments.clone import REPOSITORY, SMALL, run_in
from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.table import write_table
from stages.lib.tables.clips import make_clip_id
from tests.support.chromium import chromium, press, until
from tests.support.contrast import contrast
from tests.support.feature_params import PARAMS
from tests.support.tool import run_tool
from tools import error_page
from tools.lib.label_errors.label_error_table import LABEL_ERRORS, LabelError, write_label_errors
from tools.lib.label_errors.labels_in_force import LabelledClip

SAMPLE_RATE, LENGTH_S = 8000, 4
HOSTILE_SITE = '</script><img src=x onerror="window.hacked = 1">{{data}}'
SITES = {"bay.wav": "bay", "reef.wav": "reef", "</style><b>.wav": HOSTILE_SITE}
BAY, REEF, HOSTILE = ([make_clip_id(name, start_s) for start_s in (0.0, 1.0, 2.0)] for name in SITES)
LABELLED = [
    LabelledClip(BAY[0], "valid", "call", "dataset"),
    LabelledClip(BAY[1], "test", "nocall", "dataset"),
    LabelledClip(BAY[2], "test", "call", "dataset"),
    LabelledClip(REEF[0], "test", "call", "dataset"),
    LabelledClip(REEF[1], "train", "nocall", "dataset"),
    LabelledClip(REEF[2], "train", "call", "expert"),
    LabelledClip(HOSTILE[0], "valid", "nocall", "expert"),
]
P_CALL = {BAY[0]: 0.1, BAY[1]: 0.7, BAY[2]: 0.9, REEF[0]: 0.8, HOSTILE[0]: 0.95}
SCORES = {clip_id: float(logit(p_call)) for clip_id, p_call in P_CALL.items()}
DOUBTS = [
    LabelError(REEF[1], "nocall", 0.99, 0.01),
    LabelError(BAY[0], "call", 0.2, 0.2),
    LabelError(REEF[2], "nocall", 0.75, 0.25),  # The experts have corrected it since.
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A data set of three sites with a page; tests leave it as it is."""
    folder = tmp_path_factory.mktemp("errors")
    recordings = folder / "data" / "tiny" / "recordings"
    for name in SITES:
        (recordings / name).parent.mkdir(parents=True, exist_ok=True)
        noise = 0.01 * np.random.default_rng(0).standard_normal(LENGTH_S * SAMPLE_RATE)
        soundfile.write(recordings / name, noise, SAMPLE_RATE)
    rows = [
        (make_clip_id(name, start_s), name, start_s, "call", site)
        for name, site in SITES.items()
        for start_s in (0.0, 1.0, 2.0)
    ]
    write_table(folder / "data" / "tiny" / "clips.csv", ("clip_id", "recording", "start_s", "label", "site"), rows)
    (folder / "without.html").write_text(page_of(folder))
    write_label_errors(folder / LABEL_ERRORS, DOUBTS)
    (folder / "page.html").write_text(page_of(folder))
    (folder / "short.html").write_text(page_of(folder, count=1))
    (folder / "right.html").write_text(page_of(folder, scores={BAY[2]: SCORES[BAY[2]]}))
    return folder


def page_of(folder, scores=SCORES, count=60):
    with contextlib.chdir(folder), joblib.parallel_config(backend="threading"):
        return error_page.error_page("tiny", PARAMS, LABELLED, scores, count)


@pytest.fixture(scope="module")
def one_browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture
def browser(one_browser, folder):
    """A browser with the page just opened; nothing may have been complained about when the test is over."""
    one_browser.get_log("browser")
    one_browser.get((folder / "page.html").as_uri())
    yield one_browser
    assert one_browser.get_log("browser") == []


def text_of(browser, selector):
    return browser.find_element("css selector", selector).text


def cards(browser, selector):
    """Return the verdict, score and id of each card of a section."""
    return [
        tuple(card.find_element("css selector", part).text for part in (".badge", ".score b", "dd"))
        for card in browser.find_elements("css selector", f"{selector} .clip")
    ]


# --- What it shows ---


def test_errors_are_grouped_by_site_the_worst_site_and_the_most_confident_error_first(browser):
    assert "is wrong about 3 of the 5 validation and test clips of tiny." in text_of(browser, "#lead")
    titles = browser.execute_script(
        "return [...document.querySelectorAll('#errors h2')].map((title) => title.textContent)"
    )
    assert titles == [*sorted([HOSTILE_SITE, "bay"], key=lambda site: site == HOSTILE_SITE)]
    assert cards(browser, "#site-0") == [("Missed call", "0.100", BAY[0]), ("False alarm", "0.700", BAY[1])]
    assert cards(browser, "#site-1") == [("False alarm", "0.950", HOSTILE[0])]


def test_every_site_has_its_counts_its_rate_and_the_interval_the_one_without_errors_too(browser):
    rows = [row.text.split("\n") for row in browser.find_elements("css selector", "#site-rows tr")]
    assert " ".join(rows[0]) == "bay 3 1 1 67 % (21 % to 94 %)"
    assert " ".join(rows[2]) == "reef 1 0 0 0 % (0 % to 79 %)"
    assert browser.find_elements("css selector", "#site-rows tr:nth-child(3) a") == []
    assert "2 of 3 clips wrong, 67 % (21 % to 94 %)" in text_of(browser, "#site-0 > .heading")


def test_a_card_says_what_is_known_of_the_clip(browser):
    facts = text_of(browser, "#site-1 .facts").split("\n")
    assert facts[facts.index("Label") + 1] == "no call, by the experts"
    assert facts[facts.index("Model") + 1] == "call"
    assert facts[facts.index("Part") + 1] == "validation"
    assert facts[facts.index("From") + 1] == "0.0 s into </style><b>.wav"


def test_label_errors_that_still_stand_are_listed_and_the_corrected_ones_counted(browser):
    assert cards(browser, "#doubts") == [("Labelled no call", "0.990", REEF[1]), ("Labelled call", "0.200", BAY[0])]
    line = text_of(browser, "#doubts-line")
    assert line.startswith("2 labels in doubt, most doubtful first. 1 label in the list")
    facts = text_of(browser, "#doubts .facts").split("\n")
    assert facts[facts.index("Quality") + 1] == "0.010"
    assert facts[facts.index("Part") + 1] == "training"


def test_without_a_list_of_label_errors_the_page_says_how_to_make_it(browser, folder):
    browser.get((folder / "without.html").as_uri())
    assert "run python -m tools.find_label_errors" in text_of(browser, "#doubts-line")
    assert not browser.find_element("id", "doubts-note").is_displayed()


def test_no_more_are_shown_than_asked_for_and_the_page_says_so(browser, folder):
    browser.get((folder / "short.html").as_uri())
    assert "Shown: the 1 most confident." in text_of(browser, "#lead")
    assert cards(browser, "#errors") == [("False alarm", "0.950", HOSTILE[0])]
    assert "2 labels in doubt, most doubtful first; the first 1 shown." in text_of(browser, "#doubts-line")
    assert len(cards(browser, "#doubts")) == 1


def test_a_model_without_errors_is_praised(browser, folder):
    browser.get((folder / "right.html").as_uri())
    assert "is right about all 1 validation and test clips of tiny." in text_of(browser, "#lead")
    assert cards(browser, "#errors") == []


# --- What it does ---


def test_the_keyboard_alone_will_do(browser):
    press(browser, Keys.ARROW_RIGHT)
    until(browser, "player?.playing && player.position > 0.05")
    assert browser.execute_script("return cards.indexOf(current)") == 0
    assert browser.switch_to.active_element.get_attribute("aria-label") == f"Pause {BAY[0]}"
    playhead = "parseFloat(current.spectrogram.playhead.style.left)"
    before = browser.execute_script(f"return {playhead}")
    until(browser, f"{playhead} > {before}")
    press(browser, " ")
    assert not browser.execute_script("return player.playing")
    press(browser, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    until(browser, "player.playing && cards.indexOf(current) === 2")
    press(browser, Keys.ARROW_LEFT)
    until(browser, "player.playing && cards.indexOf(current) === 1")
    press(browser, Keys.TAB)  # To the position in the next clip.
    press(browser, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    until(browser, "cards.indexOf(current) === 2 && player.length && player.position > 0.19")
    assert not browser.execute_script("return player.playing")


def test_everything_is_reached_by_tab(browser):
    seen = []
    for _ in range(40):
        press(browser, Keys.TAB)
        seen.append(
            browser.execute_script("return document.activeElement.ariaLabel ?? document.activeElement.textContent")
        )
    for clip_id in (BAY[0], BAY[1], HOSTILE[0], REEF[1]):
        assert {f"Play {clip_id}", f"Position in {clip_id}"} <= set(seen)
    assert {"Errors", "Label errors", "2×, double speed", "Model’s", "bay"} <= set(seen)


def test_a_button_plays_one_clip_at_a_time_and_to_its_end(browser):
    first, second = browser.find_elements("css selector", "#site-0 .play")
    first.click()
    until(browser, "player?.playing")
    second.click()
    until(browser, "player.playing && cards.indexOf(current) === 1")
    assert [first.text, second.text] == ["Play", "Pause"]
    until(browser, "!player.playing")
    assert browser.execute_script("return [player.position, current.about.length_s]") == [2.5, 2.5]
    assert second.text == "Play"


def test_a_point_of_a_spectrogram_is_where_its_sound_begins(browser):
    slider = browser.find_elements("css selector", "#site-0 .seek")[1]
    browser.execute_script("arguments[0].scrollIntoView({ block: 'center' })", slider)
    ActionChains(browser).move_to_element(slider).click().perform()
    until(browser, "player?.length && cards.indexOf(current) === 1")
    assert browser.execute_script("return player.position") == pytest.approx(1.25, abs=0.02)
    browser.find_elements("css selector", "#site-0 .play")[1].click()
    until(browser, "player.playing && player.position > 1.25")


def test_view_and_speed_hold_for_all_clips(browser):
    until(browser, "document.querySelector('img.shown')")
    browser.find_element("css selector", "button[data-view=features]").click()
    shown = "return [...new Set([...document.querySelectorAll('img.shown')].map((image) => image.dataset.view))]"
    assert browser.execute_script(shown) == ["features"]
    browser.execute_script("document.querySelector('#doubts').scrollIntoView()")
    until(browser, "document.querySelector('#doubts img.shown')")  # Decoded only now.
    assert browser.execute_script(shown) == ["features"]
    browser.find_element("css selector", "[data-speed='2']").click()
    press(browser, Keys.ARROW_RIGHT)
    until(browser, "player?.playing")
    assert browser.execute_script("return player.source.playbackRate.value") == 2


def test_pictures_are_there_when_they_come_into_sight(browser):
    browser.execute_script("document.querySelector('#doubts').scrollIntoView()")
    until(browser, "[...document.querySelectorAll('#doubts img.shown')].some((image) => image.naturalWidth > 0)")


def test_texts_of_the_tables_are_never_run_and_nothing_is_fetched(browser):
    press(browser, Keys.ARROW_RIGHT)
    until(browser, "player?.playing")
    assert browser.execute_script("return window.hacked") is None
    names = browser.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert [name for name in names if not name.startswith(("data:", "blob:"))] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(320, 568), (390, 844), (1280, 800)])
def test_nothing_lies_beside_the_screen_and_texts_can_be_read(browser, width, height, scheme):
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    try:
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        until(browser, "document.getAnimations().length === 0")  # Colours change gradually.
        colours = browser.execute_script("""
            const grounds = (item) => {
              for (; item; item = item.parentElement) {
                const ground = getComputedStyle(item).backgroundColor;
                if (ground !== "rgba(0, 0, 0, 0)") return ground;
              }
            };
            const texts = "main p, h1, h2, h3, dt, dd, td, th, a, button";
            return [...document.querySelectorAll(texts)]
              .filter((item) => item.offsetParent).map((item) => [getComputedStyle(item).color, grounds(item)]);
        """)
        assert len(colours) > 20
        assert {pair for pair in map(tuple, colours) if contrast(*pair) < 4.5} == set()
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


# --- What it refuses ---


def test_clips_that_the_data_set_does_not_have_are_named(folder):
    gone = [*LABELLED, LabelledClip("gone_0000000", "test", "call", "dataset")]
    with contextlib.chdir(folder), pytest.raises(InputFaults) as faults:
        error_page.error_page("tiny", PARAMS, gone, SCORES | {"gone_0000000": -2.0}, 60)
    (line,) = faults.value.lines
    assert line.startswith("data/tiny/clips.csv: there is no clip gone_0000000, ")


def test_a_clone_without_outputs_is_told_what_to_run(tmp_path, monkeypatch):
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(yaml.safe_load(SMALL.read_text())["pipeline"]))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["error_page"])
    with pytest.raises(InputFaults) as faults:
        error_page.main()
    assert faults.value.lines == [
        f"labels/{name}.csv: there is no such file; run dvc pull, or dvc repro merge_labels"
        for name in ("split", "merged")
    ]


# --- Both tools on what the pipeline has made ---


def test_both_tools_work_on_what_the_pipeline_has_made(copy_of_finished, tmp_path):
    clone = copy_of_finished(tmp_path / "clone")
    page = clone / "labels" / "errors.html"
    first = run_tool(clone, "error_page")
    assert first.returncode == 0, first.stderr
    assert "run python -m tools.find_label_errors first" in first.stdout
    without = page.read_bytes()
    found = run_tool(clone, "find_label_errors", "--folds", "3")
    assert found.returncode == 0, found.stderr
    assert re.match(r"labels/label_errors.csv: \d+ labels? of 80 in doubt", found.stdout)
    assert run_tool(clone, "error_page").returncode == 0
    assert page.read_bytes() != without
    assert run_in(clone, "git", "status", "--porcelain").stdout == ""


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        (("error_page", "--count", "0"), "--count 0: is too small; give 1 or more\n"),
        (("find_label_errors", "--folds", "99"), "--folds 99: labels/split.csv allows 3 to "),
    ],
)
def test_a_number_that_makes_no_sense_is_refused_in_one_line(finished, command, fault):
    refused = run_tool(finished, *command)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(fault)
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize("module", ["tools.error_page", "tools.find_label_errors"])
def test_libraries_are_pinned_before_they_load(module):
    order = f"import sys, {module}; names = list(sys.modules); print(names.index('stages') < names.index('numpy'))"
    assert run_in(REPOSITORY, "python", "-c", order).stdout == "True\n"


def test_a_damaged_model_is_refused(copy_of_finished, tmp_path):
    folder = copy_of_finished(tmp_path / "copy")
    description = folder / "models" / "retrained" / "model.json"
    description.unlink()
    description.write_text("[]")
    (line,) = run_tool(folder, "error_page").stderr.splitlines()
    assert line.startswith("models/retrained: is damaged; restore it with dvc checkout --force models/retrained")
