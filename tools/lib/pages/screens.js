// The state of the label page and its three screens: start, clip and summary.

const page = JSON.parse(document.getElementById("page").textContent);
const clipIds = page.clips.map((clip) => clip.clip_id);
const csv = new ExpertCsv(page.columns, page.formula, page.number);
const kept = browserStore();
const WORDS = { call: "call", nocall: "no call", unsure: "unsure" };
const ICONS = { call: "wave", nocall: "flat", unsure: "unsure" };
const SCREENS = ["start", "clip", "summary"];
// From this many clips on, gaps in the progress bar would be wider than its segments.
const MANY = 80;

const $ = (id) => document.getElementById(id);
const hasScores = page.clips.some((clip) => clip.score !== null);
let answers = null; // The store of the current annotator.
let media = null;
let player = null;
let position = 0;
let view = "plain";

const spectrogram = new SpectrogramView($("spectrogram"), (seconds) => player.seek(seconds));

function setText(name, text) {
  for (const place of document.querySelectorAll(`[data-text="${name}"]`)) place.textContent = text;
}

function say(text) {
  $("news").textContent = text;
}

// Tells whether the annotator handed in an answer for a clip before this page was made.
function isHandedIn(clip) {
  return clip.answered_by.some((name) => caseless(name) === caseless(answers.name));
}

function isDone(clip) {
  return answers.answers.has(clip.clip_id) || isHandedIn(clip);
}

function screenShown() {
  return SCREENS.find((name) => !$(name).hidden);
}

function showScreen(name) {
  for (const other of SCREENS) $(other).hidden = other !== name;
  $("top").hidden = name === "start";
  $(`${name}-title`).focus({ preventScroll: true });
}

function showProgress() {
  const bar = $("progress");
  if (bar.children.length !== page.clips.length) bar.replaceChildren(...page.clips.map(() => element("i")));
  bar.classList.toggle("many", page.clips.length > MANY);
  const here = screenShown() === "clip" ? position : -1;
  clipIds.forEach((clipId, index) => {
    const state = answers.answers.get(clipId)?.label ?? (isHandedIn(page.clips[index]) ? "handed-in" : "");
    const names = [state, index === here ? "here" : ""];
    bar.children[index].className = names.filter(Boolean).join(" ");
  });
  bar.setAttribute("aria-valuemax", page.clips.length);
  const done = page.clips.filter(isDone).length;
  bar.setAttribute("aria-valuenow", done);
  bar.setAttribute("aria-valuetext", `${done} of ${page.clips.length}`);
  setText("answered", done);
  for (const id of ["undo", "summary-undo"]) $(id).disabled = answers.ended || !answers.history.length;
}

function scoreSentence(clip) {
  return clip.score === null ? "The model has no score for this clip." : `The model’s score: ${clip.score.toFixed(2)}.`;
}

// Says who answered for a clip before this page was made, but not what: that would bias the answer.
function beforeSentence(clip) {
  const others = clip.answered_by.filter((name) => caseless(name) !== caseless(answers.name));
  const mine = isHandedIn(clip) ? "You have already handed in an answer for this clip; a new one replaces it." : "";
  return [mine, others.length ? `Already answered by ${others.join(", ")}.` : ""].filter(Boolean).join(" ");
}

// Shows the answer and the note for the current clip, and its score once the answers are final.
function showAnswer() {
  const clip = page.clips[position];
  $("note").value = answers.notes.get(clip.clip_id) ?? "";
  const answer = answers.answers.get(clip.clip_id);
  for (const button of document.querySelectorAll("[data-label]")) {
    button.setAttribute("aria-pressed", String(button.dataset.label === answer?.label));
    button.disabled = answers.ended;
  }
  $("before").textContent = beforeSentence(clip);
  const hidden = hasScores ? "The summary can show the model’s scores once every clip is answered." : "";
  $("score").textContent = answers.ended && hasScores ? `${scoreSentence(clip)} 0 is no call, 1 is a call.` : hidden;
}

// Shows the last answer, because the page has already moved on to the next clip.
function showLast() {
  const last = answers.history.at(-1);
  const answer = last && answers.answers.get(last[0]);
  if (!answer) {
    $("last").textContent = "";
    return;
  }
  const index = clipIds.indexOf(last[0]);
  $("last").replaceChildren(`Clip ${index + 1}: `, element("b", {}, WORDS[answer.label]), ".");
}

// The name of a recording may tell what somebody else heard in it, so it is shown after the answer.
function originOf(clip) {
  const at = `${clip.start_s.toFixed(1)} s into ${isDone(clip) ? clip.recording : "the recording"}`;
  return [isDone(clip) && clip.clip_id, clip.site, at].filter(Boolean).join(" · ");
}

async function showClip(index, { play = $("play-on-arrival").checked } = {}) {
  position = index;
  const clip = page.clips[position];
  player.unload();
  setText("position", position + 1);
  $("origin").textContent = originOf(clip);
  $("back").disabled = position === 0;
  $("no-sound").hidden = true;
  spectrogram.show(clip, view);
  $("question").textContent = spectrogram.hasContext ? "Is there a call between the lines?" : "Is there a call in the clip?";
  showScreen("clip");
  showAnswer();
  showLast();
  answers.position = position;
  keep();
  const { sound, images } = await media.at(position, page.clips.length);
  // The user may have moved on to another clip.
  if (page.clips[position] !== clip || screenShown() !== "clip") return;
  spectrogram.setPictures(images);
  player.load(sound, clip);
  $("no-sound").hidden = sound !== null;
  for (const id of ["play", "replay", "loop"]) $(id).disabled = sound === null;
  if (play) player.play(0);
}

function showPlaying() {
  $("play").querySelector("use").setAttribute("href", player.playing ? "#icon-pause" : "#icon-play");
  $("play").querySelector(".play-word").textContent = player.playing ? "Pause" : "Play";
  movePlayhead();
}

function movePlayhead() {
  if (screenShown() !== "clip" || !player.length) return;
  spectrogram.setPosition(player.position);
  cancelAnimationFrame(movePlayhead.request);
  if (player.playing) movePlayhead.request = requestAnimationFrame(movePlayhead);
}

function showSummary() {
  player.unload();
  showScreen("summary");
  const open = page.clips.filter((clip) => !isDone(clip)).length;
  const handedIn = page.clips.length - open - answers.answers.size;
  for (const label of page.labels) $(`tally-${label}`).textContent = answers.count(label);
  $("tally-open").textContent = open;
  const before = handedIn ? ` (${handedIn} of them handed in earlier)` : "";
  $("summary-line").textContent = open
    ? `${page.clips.length - open} of ${page.clips.length} clips answered${before}`
    : `Every clip is answered${before}. Thank you!`;
  $("scores").hidden = !hasScores;
  $("show-scores").hidden = answers.ended;
  $("show-scores").disabled = Boolean(open);
  $("about-scores").textContent = answers.ended
    ? "The number below each clip is the model’s score: 0 is no call, 1 is a call. Answers on this page are final."
    : "You can see the model’s scores once every clip is answered. After that, the answers on this page are final.";
  $("hand-in").textContent = answers.answers.size
    ? `Save the file and send it to the person who gave you this page${page.table ? `, or add its rows to ${page.table}` : ""}. It holds the ${answers.answers.size} answered clips${open ? "; you can save it again later with more" : ""}.`
    : "There is nothing to hand in yet.";
  for (const id of ["save", "copy"]) $(id).disabled = !answers.answers.size;
  $("rows").value = csv.textOfRows(answers.rows());
  $("done").textContent = "";
  $("first-open").hidden = !open;
  $("chips").replaceChildren(...page.clips.map(chip));
  showProgress();
}

function chip(clip, index) {
  const label = answers.answers.get(clip.clip_id)?.label;
  const without = isHandedIn(clip) ? "handed in earlier" : "unanswered";
  const score = answers.ended && hasScores ? ` ${scoreSentence(clip)}` : "";
  const id = isDone(clip) ? `, ${clip.clip_id}` : "";
  const name = `Clip ${index + 1}${id}: ${label ? WORDS[label] : without}.${score}`;
  const state = label ?? (isHandedIn(clip) ? "handed-in" : "open");
  const button = element("button", { class: state, "aria-label": name, title: name });
  button.append(String(index + 1));
  if (label) button.append(icon(ICONS[label]));
  button.addEventListener("click", () => showClip(index));
  const item = element("li");
  item.append(button);
  if (score) item.append(element("span", { class: "faint small" }, clip.score?.toFixed(2) ?? "–"));
  return item;
}
