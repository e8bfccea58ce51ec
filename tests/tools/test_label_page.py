import codecs
import contextlib
import csv
import io
import json
import re
import time
from datetime import date
from pathlib import Path
from types import MappingProxyType

import joblib
import numpy as np
import pytest
import soundfile
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.support.ui import WebDriverWait

from stages.lib.audio.recording import read_window
from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.table import is_formula, read_table, with_guard, write_table
from stages.lib.tables.answer_rules import read_answers
from stages.lib.tables.clips import make_clip_id, read_clips
from stages.lib.tables.expert import COLUMNS, Answer
from stages.lib.tables.pool import POOL_SCORES, write_pool
from tests.support.chromium import chromium, press, until
from tests.support.contrast import contrast
from tests.support.feature_params import PARAMS
from tools import label_page
from tools.lib.pages import document
from tools.lib.pages.clip_parts import clip_part, in_data_set
from tools.lib.pages.sound import comfortable, encode

PARAMS_YAML = "data:\n  dataset: tiny\nfeaturize:\n" + "".join(
    f"  {key}: {json.dumps(value)}\n" for key, value in PARAMS.model_dump().items()
)
LENGTH_S, CLICK_S = 3, 1.234
HOSTILE = "a<b/script><script>window.hacked = 1<!-- {{style}} \" ' &amp;.wav"
HOSTILE_SITE = '</script><img src=x onerror="window.hacked = 1">{{data}}'
HOSTILE_NAME = '<img src=x onerror="window.hacked = 1">'
RECORDINGS = {"low.wav": 2000, "sea.flac": 22050, "odd.wav": 20000, "high.wav": 192000, HOSTILE: 8000}
CLIPS = [("sea.flac", 1.0), ("low.wav", 1.0), ("odd.wav", 1.0), ("high.wav", 1.0), (HOSTILE, 0.0), ("sea.flac", 2.4)]
CLIP_IDS = [make_clip_id(*clip) for clip in CLIPS]
SCORES = {clip_id: 0.91 - 0.07 * number for number, clip_id in enumerate(CLIP_IDS[:5])}
WITHOUT_SCORE = CLIP_IDS[5]
HOSTILE_CELLS = [
    "",
    "faint",
    "-3",
    "-3 dB",
    "'-3 dB",
    "=1+1",
    "''=1+1",
    " +4e3 ",
    "@val",
    "\uff1dA1",
    "\x1f=\xa0x\x85",
    'a "quoted", b',
    '"',
    ",",
    "' '",
    '=HYPERLINK("http://example.org","listen, please")',
    "</textarea><script>window.hacked = 1</script>",
    "Åse Ørsted 鯨",
]


def write_data_set(folder, sites=HOSTILE_SITE, labels=""):
    """Write recordings of faint noise with a click, a table of clips and a queue of all of them."""
    data = folder / "data" / "tiny"
    for name, sample_rate in RECORDINGS.items():
        samples = 1e-4 * np.random.default_rng(0).standard_normal(LENGTH_S * sample_rate)
        samples[round(CLICK_S * sample_rate)] = 0.9
        path = data / "recordings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, sample_rate)
    rows = [(make_clip_id(*clip), *clip, labels, sites) for clip in CLIPS]
    write_table(data / "clips.csv", ("clip_id", "recording", "start_s", "label", "site"), rows)
    (folder / "params.yaml").write_text(PARAMS_YAML)
    write_queue(folder, CLIP_IDS)


def write_queue(folder, clip_ids):
    write_table(folder / "labels" / "queue.csv", COLUMNS, [(clip_id, "", "", "", "") for clip_id in clip_ids])


def page_of(folder, scores=SCORES, answered_by=MappingProxyType({})):
    with contextlib.chdir(folder), joblib.parallel_config(backend="threading"):
        return label_page.label_page("tiny", PARAMS, scores, answered_by)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A data set with a page; tests read it and leave it as it is."""
    folder = tmp_path_factory.mktemp("pages")
    write_data_set(folder)
    (folder / "page.html").write_text(page_of(folder))
    answered_by = {CLIP_IDS[0]: ["Val", HOSTILE_NAME], CLIP_IDS[1]: ["val"], CLIP_IDS[4]: ["Scott"]}
    (folder / "second.html").write_text(page_of(folder, SCORES, answered_by))
    write_queue(folder, CLIP_IDS[:3])
    (folder / "other.html").write_text(page_of(folder, {}))
    write_queue(folder, CLIP_IDS)
    return folder


@pytest.fixture(scope="module")
def one_browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture
def browser(one_browser, folder):
    """A browser in which no page has been used yet."""
    open_page(one_browser, folder / "page.html")
    one_browser.execute_script("localStorage.clear()")
    open_page(one_browser, folder / "page.html")
    return one_browser


def open_page(browser, path):
    browser.get(path.as_uri())


def text_of(browser, element_id):
    return browser.find_element("id", element_id).text


def start(browser, name="Val"):
    """Give a name, press Enter, and wait until the clip can be heard."""
    field = browser.find_element("id", "name")
    field.clear()
    field.send_keys(name, Keys.ENTER)
    until(browser, "screenShown() === 'summary' || player.length")


def title(browser):
    return text_of(browser, "clip-title")


def downloaded(browser, folder, name):
    """Press the button and return the file."""
    path = folder / name
    browser.find_element("id", "save").send_keys(Keys.ENTER)
    WebDriverWait(browser, 10, 0.05).until(lambda _: path.exists())
    return path


@pytest.fixture
def downloads(browser, tmp_path):
    browser.execute_cdp_cmd("Page.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    return tmp_path


# --- The way through a queue ---


def test_a_queue_is_labelled_with_the_keyboard_alone(browser, folder, downloads):
    start(browser, "  Val Marine ")
    assert title(browser) == "Clip 1 of 6"
    press(browser, "c", "N", "t", "faint, =ship", Keys.ENTER, "u")
    assert title(browser) == "Clip 4 of 6"
    assert text_of(browser, "top").count("3 of 6 answered") == 1
    browser.refresh()
    assert browser.find_element("id", "name").get_attribute("value") == "Val Marine"
    assert text_of(browser, "begin") == "Continue"
    press(browser, Keys.ENTER)
    assert title(browser) == "Clip 4 of 6"
    press(browser, "c", Keys.ARROW_RIGHT, "t", "=1+1", Keys.ESCAPE, "n")
    assert text_of(browser, "summary-line") == "5 of 6 clips answered"
    assert [text_of(browser, f"tally-{name}") for name in ("call", "nocall", "unsure", "open")] == ["2", "2", "1", "1"]
    for _ in range(30):
        press(browser, Keys.TAB)
        if browser.switch_to.active_element.get_attribute("id") == "save":
            break
    today = date.today().isoformat()
    path = downloaded(browser, downloads, f"expert-Val-Marine-{today}.csv")
    assert path.read_bytes().count(b"\r") == 0
    # Otherwise Excel takes the text for another encoding.
    assert path.read_bytes().startswith(codecs.BOM_UTF8)
    answers, faults = read_answers(path, dict.fromkeys(CLIP_IDS, "pool"))
    assert faults == []
    labels = ["call", "nocall", "unsure", "call", "nocall"]
    answered = [*CLIP_IDS[:4], CLIP_IDS[5]]
    assert answers == [Answer(*answer, "Val Marine") for answer in zip(answered, labels, strict=True)]
    notes = [row.cells["note"] for row in read_table(path, COLUMNS)]
    assert notes == ["", "", "faint, =ship", "", "=1+1"]
    assert {row.cells["date"] for row in read_table(path, COLUMNS)} == {today}
    with path.open(newline="", encoding="utf-8-sig") as file:
        assert [cells[4] for cells in csv.reader(file)][-1] == "'=1+1"


def test_undo_takes_back_and_back_does_not(browser):
    start(browser)
    press(browser, "c", "n", Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert title(browser) == "Clip 1 of 6"
    assert browser.execute_script("return answers.answers.size") == 2
    press(browser, "u")  # Another answer for a clip that has one; goes on to the first without.
    assert title(browser) == "Clip 3 of 6"
    press(browser, "z")
    assert title(browser) == "Clip 1 of 6"
    assert pressed(browser) == ["call"]
    press(browser, "z")
    assert title(browser) == "Clip 2 of 6"
    assert pressed(browser) == []
    browser.refresh()
    start(browser)
    press(browser, "z", "z", "z")
    assert browser.execute_script("return answers.answers.size") == 0
    assert not browser.find_element("id", "undo").is_enabled()


def test_an_answer_that_undo_brings_back_is_of_today(browser):
    """Otherwise it would be older than the answer that was handed in meanwhile, and so not be taken."""
    start(browser)
    press(browser, "c")
    browser.execute_script("answers.answers.get(clipIds[0]).date = '2026-11-01'")
    press(browser, Keys.ARROW_LEFT, "n", "z")
    (row,) = browser.execute_script("return answers.rows()")
    assert (row["label"], row["date"]) == ("call", date.today().isoformat())


def pressed(browser):
    return browser.execute_script(
        "return [...document.querySelectorAll('[data-label][aria-pressed=true]')].map((button) => button.dataset.label)"
    )


def test_the_mouse_alone_will_do(browser, downloads):
    browser.find_element("id", "name").send_keys("Val")
    browser.find_element("id", "begin").click()
    for label in ("call", "nocall", "unsure", "call", "call", "nocall"):
        browser.find_element("css selector", f"[data-label={label}]").click()
    assert text_of(browser, "summary-line").startswith("Every clip is answered")
    path = downloads / f"expert-Val-{date.today().isoformat()}.csv"
    browser.find_element("id", "save").click()
    WebDriverWait(browser, 10, 0.05).until(lambda _: path.exists())
    assert len(path.read_text().splitlines()) == 7
    browser.find_element("css selector", "#chips li:nth-child(5) button").click()
    assert title(browser) == "Clip 5 of 6"


def test_a_double_click_answers_one_clip(browser):
    start(browser)
    ActionChains(browser).double_click(browser.find_element("css selector", "[data-label=call]")).perform()
    assert browser.execute_script("return answers.answers.size") == 1


def test_a_space_after_a_click_plays_and_does_not_answer_again(browser):
    start(browser)
    browser.find_element("css selector", "[data-label=call]").click()
    until(browser, "player.length")
    press(browser, " ")
    assert title(browser) == "Clip 2 of 6"
    assert browser.execute_script("return answers.answers.size") == 1


def told(browser):
    """Return what the page shows or tells a screen reader."""
    return browser.execute_script(
        "return document.body.innerText + [...document.querySelectorAll('*')].filter((item) => item.checkVisibility())"
        ".map((item) => ['aria-label', 'title'].map((name) => item.getAttribute(name)).join(' ')).join(' ')"
    )


def scores_seen(browser):
    """Return the scores that the page shows or tells a screen reader."""
    return set(re.findall(r"0\.\d\d", told(browser))) & {f"{score:.2f}" for score in SCORES.values()}


def names_seen(browser):
    """Return the ids and names of recordings that the page shows or tells a screen reader."""
    text = told(browser)
    return {
        name for recording, start_s in CLIPS for name in (recording, make_clip_id(recording, start_s)) if name in text
    }


def test_names_which_may_tell_the_label_are_hidden_until_the_clip_is_answered(browser):
    start(browser)
    assert names_seen(browser) == set()
    press(browser, "e")
    assert names_seen(browser) == set()
    press(browser, Keys.ARROW_LEFT, "c", Keys.ARROW_LEFT)
    assert names_seen(browser) == {CLIPS[0][0], CLIP_IDS[0]}


def test_the_scores_are_hidden_until_every_clip_is_answered(browser):
    start(browser)
    for key in "cnucn":
        press(browser, key)
        assert scores_seen(browser) == set()
        assert not re.search(r"0\.[4-9]", text_of(browser, "last"))
    press(browser, Keys.ARROW_LEFT, "e")
    assert scores_seen(browser) == set()
    assert not browser.find_element("id", "show-scores").is_enabled()
    press(browser, Keys.ARROW_LEFT, Keys.ARROW_RIGHT, "c")
    assert text_of(browser, "summary-line") == "Every clip is answered. Thank you!"
    assert scores_seen(browser) == set()
    browser.find_element("id", "show-scores").click()
    assert scores_seen(browser) == {f"{score:.2f}" for score in SCORES.values()}


def test_an_answer_is_final_once_the_scores_were_seen(browser):
    start(browser)
    press(browser, *"cnucnc")
    given = browser.execute_script("return answers.rows()")
    browser.find_element("id", "show-scores").click()
    assert not browser.find_element("id", "summary-undo").is_enabled()
    for again in (False, True):
        if again:
            browser.refresh()
            start(browser)
        press(browser, "z")
        browser.execute_script("showClip(0)")
        until(browser, "position === 0 && player.length")
        assert text_of(browser, "score").startswith("The model’s score: 0.91.")
        assert not browser.find_element("css selector", "[data-label=nocall]").is_enabled()
        press(browser, "n", "u", "z")
        assert browser.execute_script("return answers.rows()") == given
    # Whoever listens next decides for themselves.
    browser.find_element("id", "who").click()
    start(browser, "Ann")
    assert scores_seen(browser) == set()


def test_a_second_page_marks_what_was_answered_before(browser, folder):
    open_page(browser, folder / "second.html")
    start(browser, "VAL")
    until(browser, "screenShown() === 'clip'")
    assert title(browser) == "Clip 3 of 6"
    assert text_of(browser, "top").count("2 of 6 answered") == 1
    bar = "return [...$('progress').children].map((part) => part.className)"
    assert browser.execute_script(bar) == ["handed-in", "handed-in", "here", "", "", ""]
    press(browser, "c", "c")
    assert title(browser) == "Clip 5 of 6"
    assert text_of(browser, "before") == "Already answered by Scott."
    press(browser, Keys.ARROW_LEFT, Keys.ARROW_LEFT, Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert text_of(browser, "before") == (
        "You have already handed in an answer for this clip; a new one replaces it. "
        f"Already answered by {HOSTILE_NAME}."
    )
    assert pressed(browser) == []
    assert browser.execute_script("return window.hacked") is None
    press(browser, "e")
    assert text_of(browser, "summary-line") == "4 of 6 clips answered (2 of them handed in earlier)"
    assert [text_of(browser, f"tally-{name}") for name in ("call", "open")] == ["2", "2"]
    chips = "return [...document.querySelectorAll('#chips button')].map((chip) => chip.className)"
    assert browser.execute_script(chips) == ["handed-in", "handed-in", "call", "call", "open", "open"]
    browser.find_element("id", "first-open").click()
    assert title(browser) == "Clip 5 of 6"
    assert len(browser.execute_script("return answers.rows()")) == 2


@pytest.mark.parametrize(("one", "other"), [("Val", "val"), ("Val Veirs", "Val  Veirs")])
def test_capitals_and_blanks_make_no_other_annotator(browser, one, other):
    start(browser, one)
    press(browser, "c", "n")
    browser.refresh()
    field = browser.find_element("id", "name")
    field.clear()
    field.send_keys(other)
    assert text_of(browser, "kept") == "2 of 6 clips answered under this name in this browser."
    assert not browser.find_element("id", "take-over-row").is_displayed()
    press(browser, Keys.ENTER)
    until(browser, "player.length")
    assert browser.execute_script("return answers.rows().map((row) => [row.annotator, row.label])") == [
        [other, "call"],
        [other, "nocall"],
    ]


def test_a_page_without_scores_does_not_speak_of_them(browser, folder):
    open_page(browser, folder / "other.html")
    start(browser)
    press(browser, "c", Keys.ARROW_LEFT)
    assert "score" not in browser.execute_script("return document.body.innerText")


def test_two_queues_do_not_mix(browser, folder):
    start(browser)
    press(browser, "c", "c")
    open_page(browser, folder / "other.html")
    assert browser.find_element("id", "name").get_attribute("value") == "Val"
    assert text_of(browser, "begin") == "Start"
    start(browser)
    press(browser, "n")
    open_page(browser, folder / "page.html")
    start(browser)
    assert browser.execute_script("return answers.rows().map((row) => row.label)") == ["call", "call"]


def test_two_annotators_do_not_mix_unless_one_asks_for_it(browser):
    start(browser, "Val")
    press(browser, "c", "n")
    browser.find_element("id", "who").click()
    start(browser, "Ann")
    assert browser.execute_script("return answers.answers.size") == 0
    browser.find_element("id", "who").click()
    start(browser, "Val")
    assert browser.execute_script("return answers.answers.size") == 2
    browser.find_element("id", "who").click()
    browser.find_element("id", "name").clear()
    browser.find_element("id", "name").send_keys("Valerie")
    browser.find_element("id", "take-over").click()
    browser.find_element("id", "begin").click()
    assert browser.execute_script("return answers.rows().map((row) => row.annotator)") == ["Valerie", "Valerie"]
    assert browser.execute_script("return storeFor('Val').answers.size") == 0


@pytest.mark.parametrize(
    ("name", "fault"), [("  ", "Enter your name"), ("'val", "apostrophe"), ("v\u200bal", "invisible")]
)
def test_a_name_that_the_table_would_refuse_is_refused(browser, name, fault):
    browser.find_element("id", "name").send_keys(name, Keys.ENTER)
    assert fault in text_of(browser, "name-fault")
    assert browser.find_element("id", "start").is_displayed()


def test_keys_typed_into_the_note_answer_nothing_and_keys_held_down_answer_once(browser):
    start(browser)
    press(browser, "t", "cnu rlsvez")
    assert browser.execute_script("return [answers.answers.size, position, $('note').value]") == [0, 0, "cnu rlsvez"]
    press(browser, Keys.ESCAPE)
    held = {"type": "keyDown", "key": "c", "code": "KeyC", "text": "c", "autoRepeat": True}
    browser.execute_cdp_cmd("Input.dispatchKeyEvent", held)
    assert browser.execute_script("return answers.answers.size") == 0


def test_single_keys_can_be_switched_off(browser):
    browser.find_element("id", "keys").click()
    start(browser)
    press(browser, "c")
    assert browser.execute_script("return answers.answers.size") == 0


def test_answers_in_another_tab_are_seen(browser, folder):
    start(browser)
    first = browser.current_window_handle
    browser.switch_to.new_window("tab")
    open_page(browser, folder / "page.html")
    start(browser)
    press(browser, "c", Keys.ARROW_LEFT, "t", "faint")
    browser.close()
    browser.switch_to.window(first)
    until(browser, "answers.answers.size === 1 && $('note').value === 'faint'")
    assert pressed(browser) == ["call"]


def test_where_answers_cannot_be_kept_the_page_says_so_and_goes_on(folder, tmp_path):
    with chromium(tmp_path, profile__default_content_setting_values__cookies=2) as browser:
        open_page(browser, folder / "page.html")
        assert "lost when you close" in text_of(browser, "not-kept")
        start(browser)
        press(browser, "c", "e")
        assert text_of(browser, "tally-call") == "1"
        assert browser.find_element("id", "not-kept").is_displayed()
        # Two people on one page, and the first one goes on.
        for name, tally in (("Ann", "0"), ("Val", "1")):
            browser.find_element("id", "who").click()
            start(browser, name)
            press(browser, "e")
            assert text_of(browser, "tally-call") == tally
        browser.execute_script("answers.isExported = true")  # Otherwise the page asks before it lets itself be closed.


def test_answers_are_still_seen_when_the_browser_has_no_room_for_more(browser):
    start(browser)
    press(browser, "c", "n")
    browser.execute_script("""
        for (let size = 2 ** 20, number = 0; size >= 1; number++) {
            try { localStorage.setItem(`full-${number}`, "x".repeat(size)); } catch { size /= 2; }
        }
    """)
    browser.refresh()
    start(browser)
    assert browser.execute_script("return answers.rows().map((row) => row.label)") == ["call", "nocall"]
    press(browser, "u")
    assert "lost when you close" in text_of(browser, "not-kept")
    browser.execute_script("localStorage.clear(); keep()")
    assert not browser.find_element("id", "not-kept").is_displayed()


# --- What is written ---


def test_cells_are_guarded_and_quoted_as_by_the_pipeline(browser, tmp_path):
    guarded = browser.execute_script("return arguments[0].map((cell) => csv.withGuard(cell))", HOSTILE_CELLS)
    assert guarded == [with_guard(cell) for cell in HOSTILE_CELLS]
    rows = [("a_0000000", "call", "val", "2026-11-22", cell) for cell in HOSTILE_CELLS]
    write_table(tmp_path / "expected.csv", COLUMNS, rows)
    as_objects = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    text = browser.execute_script("return csv.text(arguments[0])", as_objects)
    assert text == (tmp_path / "expected.csv").read_text()


def test_what_is_typed_comes_back_from_the_file_whatever_it_is(browser, downloads):
    name, note = '@O\'Neil "x", <b>', "=1 <img src=x onerror=window.hacked=1> \", '"
    start(browser, name)
    press(browser, "t", note, Keys.ENTER, "c", "t")
    browser.execute_script("$('note').value = 'two\\u2028lines\\0'; $('note').dispatchEvent(new Event('input'))")
    press(browser, Keys.ENTER, "n", "e")
    path = downloaded(browser, downloads, f"expert-O-Neil-x-b-{date.today().isoformat()}.csv")
    answers, faults = read_answers(path, dict.fromkeys(CLIP_IDS, "pool"))
    assert faults == []
    assert [answer.annotator for answer in answers] == [name, name]
    assert [row.cells["note"] for row in read_table(path, COLUMNS)] == [note.strip(), "two lines"]
    assert is_formula(name)
    assert browser.execute_script("return window.hacked") is None


def test_what_is_copied_are_the_rows_alone(browser):
    start(browser)
    press(browser, "c", "n", "e")
    assert browser.execute_script("return csv.text(answers.rows()) === `${page.columns}\n${$('rows').value}`")
    browser.find_element("id", "copy").click()
    assert until(browser, "$('done').textContent") == "Copied"
    press(browser, Keys.ARROW_LEFT)
    note = browser.find_element("id", "note")
    note.send_keys(Keys.CONTROL, "v")
    pasted = note.get_attribute("value")
    answered = zip(CLIP_IDS, ("call", "nocall"), strict=False)
    assert pasted.split() == [f"{clip_id},{label},Val,{date.today().isoformat()}," for clip_id, label in answered]


# --- What is shown and heard ---


@pytest.mark.parametrize("position", range(4))
def test_sound_and_pictures_are_aligned_at_every_sample_rate(browser, position):
    start(browser)
    browser.execute_script(f"showClip({position})")
    until(browser, f"position === {position} && player.length")
    heard_s, duration_s, seen_s = browser.execute_script("""
        const samples = player.buffer.getChannelData(0);
        let loudest = 0;
        samples.forEach((sample, index) => { if (Math.abs(sample) > Math.abs(samples[loudest])) loudest = index; });
        const image = document.querySelector("img.shown"), canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
        const drawing = canvas.getContext("2d");
        drawing.drawImage(image, 0, 0);
        const columns = Array(canvas.width).fill(0);
        drawing.getImageData(0, 0, canvas.width, canvas.height).data.forEach((value, index) => {
          if (index % 4 !== 3) columns[Math.floor(index / 4) % canvas.width] += value;
        });
        const middle = (Math.max(...columns) + [...columns].sort((a, b) => a - b)[columns.length >> 1]) / 2;
        const bright = columns.map((value, index) => (value > middle ? index + 0.5 : 0)).filter(Boolean);
        const share = bright.reduce((sum, column) => sum + column, 0) / bright.length / canvas.width;
        const plot = document.querySelector(".plot").getBoundingClientRect(), box = image.getBoundingClientRect();
        return [
          loudest / player.buffer.sampleRate - player.lead,
          player.buffer.duration,
          ((box.left - plot.left + share * box.width) / plot.width) * player.length,
        ];
    """)
    assert heard_s == pytest.approx(CLICK_S, abs=0.001)
    assert seen_s == pytest.approx(CLICK_S, abs=0.01)
    assert duration_s == pytest.approx(2.5, abs=0.001)


def test_a_decoder_that_leaves_the_delay_in_is_made_up_for(browser):
    start(browser)
    lead_s = browser.execute_script("""
        const long = new AudioBuffer({ length: 130000, sampleRate: 48000 });
        player.load(long, { ...page.clips[0] });
        return player.lead;
    """)
    assert lead_s == pytest.approx(1105 / 22050)


def test_a_point_of_the_spectrogram_is_where_the_sound_goes_on(browser):
    browser.find_element("id", "play-on-arrival").click()
    start(browser)
    slider = browser.find_element("css selector", ".seek")
    ActionChains(browser).move_to_element_with_offset(slider, slider.size["width"] // 4, 0).click().perform()
    assert browser.execute_script("return [player.position, player.playing]") == [pytest.approx(1.875, abs=0.01), False]
    slider.send_keys(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert browser.execute_script("return player.position") == pytest.approx(1.675, abs=0.01)
    assert slider.get_attribute("aria-valuetext") == "0.7 seconds from the start of the clip"
    assert title(browser) == "Clip 1 of 6"
    left, width = browser.execute_script(
        "const plot = document.querySelector('.plot').getBoundingClientRect();"
        "return [document.querySelector('.playhead').getBoundingClientRect().left + 1 - plot.left, plot.width]"
    )
    assert left / width == pytest.approx(1.675 / 2.5, abs=0.01)


def test_playing_moves_on_at_the_chosen_speed_and_stops_or_loops(browser):
    browser.find_element("id", "play-on-arrival").click()
    start(browser)

    def moved(key):
        """Press a key and return how far the sound has come in how many seconds of its own clock."""
        press(browser, key)
        script = "return [player.position, player.context.currentTime, player.playing]"
        until(browser, "player.position > player.from")  # From here on it is heard.
        begin = browser.execute_script(script)
        time.sleep(0.2)
        end = browser.execute_script(script)
        assert begin[2]
        return (end[0] - begin[0]) / (end[1] - begin[1])

    assert moved(" ") == pytest.approx(1, rel=0.05)
    assert moved("s") == pytest.approx(0.5, rel=0.05)
    assert moved("s") == pytest.approx(2, rel=0.05)
    until(browser, "!player.playing")
    assert browser.execute_script("return player.position") == 2.5
    press(browser, "l", "r")
    until(browser, "player.from === 1")  # It has come to the end of the clip and begun anew where the clip begins.
    assert browser.execute_script("return [player.to, player.playing]") == [1.5, True]
    press(browser, " ")
    assert not browser.execute_script("return player.playing")


def test_both_views_can_be_seen_with_their_axes(browser):
    start(browser)
    shown = "[...document.querySelectorAll('img.shown')].map((image) => [image.dataset.view, image.naturalHeight])"
    axis = "document.querySelector('.frequencies').innerText.split('\\n')"
    assert browser.execute_script(f"return {shown}") == [["plain", 129]]
    assert browser.execute_script(f"return {axis}") == ["kHz", "0", "1", "2", "3"]
    assert browser.execute_script("return document.querySelector('.times').innerText.split('\\n')") == [
        "−1", "−0.5", "0", "0.5", "1", "1.5 s",
    ]  # fmt: skip
    press(browser, "v")
    assert browser.execute_script(f"return {shown}") == [["features", 40]]
    assert "0.5" in browser.execute_script(f"return {axis}")
    press(browser, Keys.ARROW_RIGHT)
    until(browser, "player.length")
    assert browser.execute_script(f"return {shown}") == [["features", 40]]


def test_both_ends_of_the_clip_have_a_line_where_there_is_any_context(browser):
    start(browser)
    lines = """
        const [plot, before, after] = [".plot", ".before", ".after"].map((name) => document.querySelector(name))
          .map((item) => item.getBoundingClientRect());
        return [before.right - plot.left, after.left - plot.left].map((place) => (place / plot.width) * player.length);
    """
    assert browser.execute_script(lines) == pytest.approx([1.0, 1.5], abs=0.005)
    browser.execute_script("showClip(4)")  # At the start of its recording.
    until(browser, "position === 4 && player.length")
    assert browser.execute_script(lines) == pytest.approx([0, 0.5], abs=0.01)
    assert text_of(browser, "question") == "Is there a call between the lines?"
    browser.execute_script("page.clips[4].clip_end_s = page.clips[4].length_s; showClip(4)")
    assert text_of(browser, "question") == "Is there a call in the clip?"


def test_only_what_is_near_is_kept_decoded(browser):
    start(browser)
    browser.execute_script("showClip(4)")
    until(browser, "player.length && media.near.has(5)")
    assert sorted(browser.execute_script("return [...media.near.keys()]")) == [3, 4, 5]


def test_texts_of_the_tables_are_never_run(browser):
    start(browser)
    browser.execute_script("showClip(4)")
    assert HOSTILE_SITE in text_of(browser, "origin")
    press(browser, "c", Keys.ARROW_LEFT)
    assert HOSTILE in text_of(browser, "origin")
    press(browser, "e")
    assert browser.execute_script("return window.hacked") is None
    assert browser.execute_script("return document.querySelectorAll('script:not([type])').length") == 1
    assert browser.get_log("browser") == []


def test_nothing_is_fetched_and_nothing_can_be(browser):
    start(browser)
    press(browser, "c", "e")
    names = browser.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert [name for name in names if not name.startswith(("data:", "blob:"))] == []
    outcome = browser.execute_async_script("""
        const done = arguments[0], seen = [];
        document.addEventListener("securitypolicyviolation", (event) => seen.push(event.effectiveDirective));
        new Image().src = "https://example.org/x.png";
        const script = document.createElement("script");
        script.textContent = "window.hacked = 1";
        document.body.append(script);
        fetch("https://example.org/").catch(() => setTimeout(() => done(seen), 50));
    """)
    assert {"img-src", "script-src-elem", "connect-src"} <= set(outcome)
    assert browser.execute_script("return window.hacked") is None
    browser.get_log("browser")


@pytest.mark.parametrize("screen", ["start", "clip", "summary"])
def test_everything_that_can_be_used_has_a_name(browser, screen):
    if screen != "start":
        start(browser)
    if screen == "summary":
        press(browser, "c", "e")
    browser.execute_cdp_cmd("Accessibility.enable", {})
    nodes = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    roles = {"button", "slider", "textbox", "checkbox", "progressbar", "image", "group", "heading"}
    found = [node for node in nodes if not node["ignored"] and node["role"]["value"] in roles]
    names = {(node["role"]["value"], node.get("name", {}).get("value", "")) for node in found}
    assert len(found) >= 5
    assert [role for role, name in names if not name.strip()] == []
    if screen == "clip":
        wanted = {"Call", "No call", "Unsure", "Back", "Next", "Replay", "Loop", "Undo", "Summary", "2×, double speed"}
        assert wanted <= {name for role, name in names if role == "button"}


def test_every_key_stands_on_its_button(browser):
    start(browser)
    keys = browser.execute_script("return [...document.querySelectorAll('#clip kbd')].map((key) => key.textContent)")
    assert sorted(keys) == sorted(["Space", "R", "L", "S", "V", "C", "N", "U", "←", "→", "T", "Z"])


@pytest.mark.parametrize(("width", "height"), [(320, 568), (390, 844), (768, 1024), (1280, 800)])
def test_nothing_lies_beside_the_screen(browser, width, height):
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        start(browser)
        for screen in ("clip", "summary"):
            if screen == "summary":
                press(browser, "e")
            beyond = browser.execute_script("""
                const visible = [...document.querySelectorAll("main button, main input, header button, h1, img.shown")]
                  .filter((item) => item.offsetParent);
                return visible.filter((item) => item.tagName !== "IMG"
                  && (item.getBoundingClientRect().right > innerWidth || item.getBoundingClientRect().left < 0))
                  .map((item) => item.id || item.textContent);
            """)
            assert beyond == []
        bottom = browser.execute_script("return document.documentElement.scrollHeight") if width == 1280 else 0
        assert bottom <= height
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_chosen_answer_can_be_told_in_a_contrast_theme(browser):
    start(browser)
    press(browser, "c", Keys.ARROW_LEFT)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "forced-colors", "value": "active"}]})
    try:
        until(
            browser,
            "new Set(['call', 'nocall', 'unsure'].map((label) => "
            "getComputedStyle(document.querySelector(`[data-label=${label}]`)).backgroundColor)).size === 2",
        )
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_have_enough_contrast(scheme):
    blocks = re.findall(r":root \{(.*?)\}", document.read("base.css"), re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})", blocks[scheme]))
    grounds = ("ground", "surface", "raised")
    texts = ("ink", "faint", "call", "nocall", "unsure", "accent", "fault")
    pairs = [(text, ground) for text in texts for ground in grounds]
    pairs += [("accent-ink", "accent"), ("warning-ink", "warning")]
    pairs += [("answer-ink", label) for label in ("call", "nocall", "unsure")]
    assert {pair for pair in pairs if contrast(colours[pair[0]], colours[pair[1]]) < 4.5} == set()
    assert contrast(colours["edge"], colours["surface"]) >= 3


# --- The sound ---


@pytest.mark.parametrize("level", [1e-5, 1e-2, 1.0])
def test_clips_are_brought_to_one_loudness(level):
    noise = np.random.default_rng(0).standard_normal(48000).astype(np.float32)
    reference = comfortable(0.1 * noise, 48000)
    np.testing.assert_allclose(comfortable(level * noise, 48000), reference, rtol=1e-3, atol=1e-4)
    assert 0.02 < reference.std() < 0.2


def test_neither_swell_nor_a_click_keeps_the_rest_down():
    noise = 1e-3 * np.random.default_rng(0).standard_normal(48000)
    swell = np.sin(2 * np.pi * np.arange(48000) / 48000)
    click = np.zeros(48000)
    click[20000] = 1
    reference = comfortable(noise.astype(np.float32), 48000).std()
    assert comfortable((noise + swell).astype(np.float32), 48000)[5000:-5000].std() > 0.5 * reference
    assert comfortable((noise + click).astype(np.float32), 48000).std() > 0.5 * reference


@pytest.fixture
def heard(tmp_path):
    """Return what is heard of a recording with some samples."""

    def hear(samples, sample_rate):
        path = tmp_path / "sea.wav"
        soundfile.write(path, samples, sample_rate, subtype="FLOAT")
        sound = encode(read_window(path, 0, len(samples) / sample_rate, "mix"), sample_rate)
        return soundfile.read(io.BytesIO(sound))[0]

    return hear


@pytest.mark.parametrize("sample_rate", [2000, 48000, 96000])
def test_an_offset_of_the_recording_is_not_heard(heard, sample_rate):
    """Otherwise every clip of a recorder with an offset would begin and end with a thump, and be faint in between."""
    noise = 1e-3 * np.random.default_rng(0).standard_normal(2 * sample_rate)
    np.testing.assert_allclose(heard(noise + 0.25, sample_rate), heard(noise, sample_rate), atol=0.01)


@pytest.mark.parametrize("level", [0, 0.25, -0.003])
@pytest.mark.parametrize("sample_rate", [8000, 48000])
def test_silence_stays_silent(heard, level, sample_rate):
    assert not heard(np.full(sample_rate, float(level)), sample_rate).any()


# --- The file ---


def test_nothing_but_the_queue_and_the_scores_decides_what_the_page_says(tmp_path):
    """The label of a clip in the data set, above all, is in no way on the page."""
    pages = []
    for labels in ("", "call", "nocall"):
        write_data_set(tmp_path / labels, labels=labels)
        pages.append(page_of(tmp_path / labels))
    assert pages[0] == pages[1] == pages[2]


def test_a_page_of_200_clips_can_be_sent_by_mail(tmp_path, monkeypatch):
    """Noise at a high rate, which is what sound and pictures take most space for."""
    params = PARAMS.model_copy(
        update={"sample_rate": 22050, "clip_s": 3.0, "fft_size": 2048, "hop_size": 512, "mel_bands": 128, "max_hz": 1e4}
    )
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    soundfile.write(recordings / "sea.wav", 0.1 * np.random.default_rng(0).standard_normal(6 * 48000), 48000)
    write_table(
        tmp_path / "clips.csv",
        ("clip_id", "recording", "start_s", "label", "site"),
        [("sea_0001000", "sea.wav", 1.0, "", "")],
    )
    (shown,) = in_data_set(tmp_path, read_clips(tmp_path / "clips.csv"))
    part = clip_part(shown, params)
    assert 200 * len(json.dumps(part)) < 40e6


@pytest.mark.parametrize("sample_rate", [500, 2000, 44000, 192000])
def test_every_sample_rate_can_be_encoded(sample_rate):
    encoded = encode(np.zeros(sample_rate, np.float32), sample_rate)
    assert encoded[:3] in (b"ID3",) or encoded[0] == 0xFF


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    write_data_set(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["label_page"])
    with joblib.parallel_config(backend="threading"):
        yield tmp_path


def refused():
    with pytest.raises(InputFaults) as faults:
        label_page.main()
    assert not Path("labels/queue.html").exists()
    return faults.value.lines


def test_the_page_is_written_where_it_is_wanted(own_folder, monkeypatch, capsys):
    label_page.main()
    assert "labels/queue.html: " in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["label_page", "--output", "pages/mine.html"])
    label_page.main()
    assert Path("pages/mine.html").read_bytes() == Path("labels/queue.html").read_bytes()
    assert list(Path("pages").iterdir()) == [Path("pages/mine.html")]


def test_the_page_knows_who_has_answered_and_not_what(own_folder):
    pages = []
    for label in ("call", "nocall"):
        write_table(Path("labels/expert.csv"), COLUMNS, [(CLIP_IDS[1], label, "Val", "2026-11-22", "")])
        label_page.main()
        pages.append(Path("labels/queue.html").read_text())
    assert pages[0] == pages[1]
    assert '"answered_by":["Val"]' in pages[0]


def test_an_empty_queue_is_refused(own_folder):
    write_queue(own_folder, [])
    (line,) = refused()
    assert line.startswith("labels/queue.csv: is empty; run dvc repro, or ")


def test_an_empty_queue_of_a_data_set_without_a_pool_asks_for_recordings(own_folder):
    write_queue(own_folder, [])
    write_pool(POOL_SCORES, [])
    (line,) = refused()
    assert line == (
        "labels/queue.csv: is empty, because no clip is in the pool; add recordings with "
        "python -m tools.add_recordings FOLDER, then run dvc repro"
    )


def test_every_unknown_and_repeated_clip_is_named(own_folder):
    write_queue(own_folder, ["sea_9999999", CLIP_IDS[0], CLIP_IDS[0], "gone_0000000"])
    assert refused() == [
        "labels/queue.csv:2: there is no clip 'sea_9999999' in data/tiny/clips.csv; run dvc repro",
        f"labels/queue.csv:4: clip '{CLIP_IDS[0]}' is already on line 3; remove one of them",
        "labels/queue.csv:5: there is no clip 'gone_0000000' in data/tiny/clips.csv; run dvc repro",
    ]


def test_every_missing_or_damaged_recording_is_named(own_folder):
    recordings = Path("data/tiny/recordings")
    (recordings / "low.wav").unlink()
    (recordings / "odd.wav").write_bytes(b"not sound")
    soundfile.write(recordings / "high.wav", np.ones(100), 192000)
    missing, damaged, short = refused()
    assert missing.startswith("data/tiny/clips.csv:3: there is no file data/tiny/recordings/low.wav; ")
    assert damaged.startswith("data/tiny/clips.csv:4: data/tiny/recordings/odd.wav is not audio")
    assert "high_0001000 begins at 1.0 s, but data/tiny/recordings/high.wav ends at 0.001 s" in short


def test_a_recording_that_shows_its_damage_only_when_decoded_is_named(own_folder):
    path = Path("data/tiny/recordings/sea.flac")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    (line,) = refused()
    assert line.startswith("data/tiny/clips.csv:2: data/tiny/recordings/sea.flac ")
