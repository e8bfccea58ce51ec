"""Write the page on which experts listen to the queue and answer: `python -m tools.label_page`."""

import argparse
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import joblib
import soundfile
from tqdm import tqdm

from stages.lib.clips import Clip, read_clips
from stages.lib.expert_table import COLUMNS, LABELS, QUEUE
from stages.lib.faults import refuse
from stages.lib.params import DataParams, read_params
from stages.lib.pool_table import POOL_SCORES, read_pool
from stages.lib.recording import duration_s, recording_fault
from stages.lib.running import run
from stages.lib.spectrogram import FeatureParams
from stages.lib.table import FORMULA, NUMBER, quoted, read_table
from stages.lib.whole import write_text
from tools.lib.clip_view import ClipView, Spectrogram, colour, height_of, multiples, ticks, view_clip
from tools.page.document import base64_text, document
from tools.page.sound import DELAY_SAMPLES, encode, playable_rate

PAGE = Path("labels/queue.html")
CONTEXT_S = 1.0
MOST_TIMES = 8  # Written below a spectrogram.
# Chosen by size: a page of 200 clips should go by e-mail. The plain picture is many times the larger.
PLAIN_QUALITY, FEATURES_QUALITY = 60, 80
PICTURE_EFFORT = 2  # Of 6: half the time of the default, for pictures 3 % larger.

STYLES = ("base.css", "spectrogram.css", "label_page.css")
SCRIPTS = (
    "player.js",
    "spectrogram.js",
    "clip_media.js",
    "expert_csv.js",
    "answer_store.js",
    "screens.js",
    "annotator.js",
    "label_page.js",
)


def label_page(dataset: str, params: FeatureParams, queue: Path, scores: Mapping[str, float]) -> str:
    """Return the page.

    Parameters
    ----------
    dataset : str
    params : FeatureParams
    queue : Path
    scores : mapping
        From clip id to the model's score; may lack any clip.

    Raises
    ------
    InputFaults
        With every clip that the data set does not have, or whose recording is not there.
    """
    folder = DataParams(dataset=dataset).folder
    clips = queued_clips(queue, folder / "clips.csv")
    refuse(fault for clip in clips for fault in clip_faults(folder, clip))
    calls = (joblib.delayed(clip_part)(folder, clip, params) for clip in clips)
    parts = joblib.Parallel(n_jobs=-1, return_as="generator")(calls)
    parts = list(tqdm(parts, desc="label page", unit="clip", total=len(clips), disable=None))
    page = {
        "dataset": dataset,
        "digest": queue_digest(dataset, params, clips),
        "columns": COLUMNS,
        "labels": LABELS,
        "formula": FORMULA.pattern,
        "number": NUMBER.pattern,
        "clips": [about | {"score": scores.get(clip.clip_id)} for clip, (about, _) in zip(clips, parts, strict=True)],
    }
    media = {f"media-{position}": content for position, (_, content) in enumerate(parts)}
    return document("label_page.html", f"{len(clips)} clips of {dataset}", STYLES, SCRIPTS, {"page": page} | media)


def queued_clips(queue: Path, table: Path) -> list[Clip]:
    """Return the clips of a queue, in its order; refuse one that is empty or not of this data set."""
    rows = read_table(queue, COLUMNS)
    if not rows:
        refuse([f"{queue}: holds no clip to ask about; run dvc repro, or widen the band of score_pool in params.yaml"])
    known = {clip.clip_id: clip for clip in read_clips(table)}
    first_line: dict[str, int] = {}
    faults = []
    for row in rows:
        clip_id = row.cells["clip_id"]
        if clip_id not in known:
            faults.append(f"{queue}:{row.line}: there is no clip {quoted(clip_id)} in {table}; run dvc repro")
        elif first_line.setdefault(clip_id, row.line) != row.line:
            first = first_line[clip_id]
            faults.append(f"{queue}:{row.line}: clip {quoted(clip_id)} is on line {first} already; remove one of them")
    refuse(faults)
    return [known[row.cells["clip_id"]] for row in rows]


def clip_faults(folder: Path, clip: Clip) -> list[str]:
    """List what keeps a clip from being heard, as far as can be told without decoding its recording."""
    place, path = f"{folder / 'clips.csv'}:{clip.line}", folder / "recordings" / clip.recording
    try:
        length_s = duration_s(path)
    except soundfile.LibsndfileError:
        return [f"{place}: {recording_fault(path)}"]
    if clip.start_s >= length_s:
        return [f"{place}: {clip.clip_id} begins at {clip.start_s} s, but {path} ends at {length_s:.3f} s"]
    return []


def clip_part(folder: Path, clip: Clip, params: FeatureParams) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what the page says of a clip, and its sound and pictures."""
    path = folder / "recordings" / clip.recording
    try:
        view = view_clip(path, clip, params, CONTEXT_S)
    except Exception:
        fault = recording_fault(path)
        refuse([f"{folder / 'clips.csv'}:{clip.line}: {fault}"] if fault else [])
        raise
    media = {
        "sound": base64_text(encode(view.samples, view.sample_rate)),
        "plain": picture(view.plain, PLAIN_QUALITY),
        "features": picture(view.features, FEATURES_QUALITY),
    }
    return about_clip(clip, view), media


def about_clip(clip: Clip, view: ClipView) -> dict[str, Any]:
    """Return what the page says of a clip. The label that it may have in the data set is no business of the page.

    Times are seconds from where the sound begins, except for those written below the spectrogram, which people read as
    seconds from where the clip begins.
    """
    before_s = view.clip_begin_s - view.begin_s
    length_s = view.end_s - view.begin_s
    return {
        "clip_id": clip.clip_id,
        "recording": clip.recording,
        "site": clip.site,
        "start_s": clip.start_s,
        "length_s": length_s,
        "clip_begin_s": before_s,
        "clip_end_s": view.clip_end_s - view.begin_s,
        "delay_s": DELAY_SAMPLES / playable_rate(view.sample_rate),
        "times": [[second, before_s + second] for second in multiples(-before_s, length_s - before_s, MOST_TIMES)],
        "plain": axes(view.plain, view),
        "features": axes(view.features, view),
    }


def axes(spectrogram: Spectrogram, view: ClipView) -> dict[str, Any]:
    """Return where a picture begins and ends in time, and the frequencies beside it: kHz, and how far up."""
    return {
        "begin_s": spectrogram.begin_s - view.begin_s,
        "end_s": spectrogram.end_s - view.begin_s,
        "frequencies": [[hz / 1000, height_of(hz, spectrogram)] for hz in ticks(spectrogram)],
    }


def picture(spectrogram: Spectrogram, quality: int) -> str:
    """Return a picture as the address of an image."""
    file = io.BytesIO()
    colour(spectrogram).save(file, format="WEBP", quality=quality, method=PICTURE_EFFORT)
    return f"data:image/webp;base64,{base64_text(file.getvalue())}"


def queue_digest(dataset: str, params: FeatureParams, clips: Sequence[Clip]) -> str:
    """Return what tells this queue from any other, so that no answer given for one counts for the other."""
    content = json.dumps([dataset, params.clip_s, [clip.clip_id for clip in clips]])
    return hashlib.sha256(content.encode()).hexdigest()


def main() -> None:
    """Write the page of the queue."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--output", type=Path, default=PAGE, help=f"the page, {PAGE} if not given")
    output = parser.parse_args().output
    dataset = read_params("data", DataParams).dataset
    params = read_params("featurize", FeatureParams)
    scores = {clip.clip_id: clip.p_call for clip in read_pool()} if POOL_SCORES.exists() else {}
    write_text(output, label_page(dataset, params, QUEUE, scores))
    print(f"{output}: {output.stat().st_size / 1e6:.1f} MB; open it in a browser, or send it to an expert")


if __name__ == "__main__":
    run(main)
