// The keys and buttons of the label page.

const SPEEDS = [1, 0.5, 2];

function keep() {
  answers.write();
  $("not-kept").hidden = [...stores.values()].every((store) => store.isKept);
  showProgress();
}

function answer(label) {
  if (answers.ended) return;
  const clip = page.clips[position];
  answers.answer(clip.clip_id, label, dayOf(new Date()));
  keep();
  say(`Clip ${position + 1}: ${WORDS[label]}.`);
  const next = page.clips.findIndex((clip, index) => index > position && !isDone(clip));
  if (next < 0) showSummary();
  else showClip(next);
}

function undo() {
  if (answers.ended) return;
  const clipId = answers.undo(dayOf(new Date()));
  if (!clipId) return;
  const before = answers.answers.get(clipId);
  const index = clipIds.indexOf(clipId);
  say(`Undone. Clip ${index + 1} is ${before ? WORDS[before.label] : "unanswered"} again.`);
  showClip(index);
}

function back() {
  if (screenShown() === "summary") showClip(position);
  else if (position > 0) showClip(position - 1);
}

function next() {
  if (position + 1 < page.clips.length) showClip(position + 1);
  else showSummary();
}

function setSpeed(speed) {
  player.setSpeed(speed);
  for (const button of document.querySelectorAll("[data-speed]")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.speed) === speed));
  }
  say({ 0.5: "Half speed", 1: "Normal speed", 2: "Double speed" }[speed]);
}

function setView(name) {
  view = name;
  spectrogram.setView(view);
  for (const button of document.querySelectorAll("button[data-view]")) {
    button.setAttribute("aria-pressed", String(button.dataset.view === view));
  }
  say(view === "plain" ? "Plain view" : "The model’s view");
}

function toggleLoop() {
  player.setLooping(!player.looping);
  $("loop").setAttribute("aria-pressed", String(player.looping));
  say(player.looping ? "Loop on" : "Loop off");
}

function showScores() {
  answers.end();
  keep();
  showSummary();
  $("scores").scrollIntoView({ block: "nearest" });
  say("The model’s scores are shown. Answers on this page are final.");
}

// The file begins with a byte-order mark, without which Excel misreads names such as Åse.
function save() {
  const link = element("a", { download: fileName(page.table ? "expert" : "review", answers.name, dayOf(new Date())) });
  link.href = URL.createObjectURL(new Blob(["\ufeff", csv.text(answers.rows())], { type: "text/csv;charset=utf-8" }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  answers.isExported = true;
  $("done").textContent = `Saved as ${link.download}`;
}

async function copy() {
  const rows = $("rows");
  let copied = true;
  try {
    await navigator.clipboard.writeText(rows.value);
  } catch {
    // Some browsers deny the clipboard to pages opened from disk; the old way may still work.
    rows.closest("details").open = true;
    rows.select();
    copied = document.execCommand("copy");
  }
  answers.isExported ||= copied;
  $("done").textContent = copied ? "Copied" : "Not copied: select the rows below and copy them";
}

// Leaves out the second click of a double click, which would answer a clip that nobody has heard, or end the answers.
function once(action) {
  return (event) => event.detail < 2 && action();
}

const CLICKS = {
  play: () => player.toggle(),
  replay: () => player.play(0),
  loop: toggleLoop,
  back,
  next,
  undo,
  who: changeWho,
  "to-summary": showSummary,
  "summary-back": back,
  "summary-undo": undo,
  "first-open": () => showClip(page.clips.findIndex((clip) => !isDone(clip))),
  "show-scores": once(showScores),
  save,
  copy,
};

const CLIP_KEYS = {
  c: () => answer("call"),
  n: () => answer("nocall"),
  u: () => answer("unsure"),
  " ": CLICKS.play,
  r: CLICKS.replay,
  l: toggleLoop,
  s: () => setSpeed(SPEEDS[(SPEEDS.indexOf(player.speed) + 1) % SPEEDS.length]),
  v: () => setView(view === "plain" ? "features" : "plain"),
  t: () => $("note").focus(),
  e: showSummary,
  z: undo,
  ArrowLeft: back,
  ArrowRight: next,
};
const SUMMARY_KEYS = { z: undo, ArrowLeft: back };

// Returns the Latin letter of a key, even on a keyboard for another script.
function keyOf(event) {
  if (event.key.length > 1 || event.key === " ") return event.key;
  return /^[a-z]$/i.test(event.key) ? event.key.toLowerCase() : event.code.replace(/^Key/, "").toLowerCase();
}

function onKey(event) {
  const typing = event.target.matches("input:not([type=checkbox]), textarea");
  if (event.target === $("note") && (event.key === "Enter" || event.key === "Escape") && !event.isComposing) {
    $("clip-title").focus({ preventScroll: true });
    return;
  }
  if (typing || !$("keys").checked || event.ctrlKey || event.metaKey || event.altKey) return;
  // A focused button or checkbox handles the space bar itself.
  if (event.key === " " && event.target.matches("button, input, summary")) return;
  const action = { clip: CLIP_KEYS, summary: SUMMARY_KEYS }[screenShown()]?.[keyOf(event)];
  if (!action) return;
  event.preventDefault();
  // A key held down must not answer one clip after another.
  if (!event.repeat) action();
}

function listen() {
  for (const [id, action] of Object.entries(CLICKS)) $(id).addEventListener("click", action);
  for (const button of document.querySelectorAll("[data-label]")) button.addEventListener("click", once(() => answer(button.dataset.label)));
  for (const button of document.querySelectorAll("[data-speed]")) button.addEventListener("click", () => setSpeed(Number(button.dataset.speed)));
  for (const button of document.querySelectorAll("button[data-view]")) button.addEventListener("click", () => setView(button.dataset.view));
  $("note").addEventListener("input", () => {
    answers.setNote(clipIds[position], oneLine($("note").value));
    keep();
  });
  $("name").addEventListener("input", showKept);
  $("start-form").addEventListener("submit", begin);
  document.addEventListener("keydown", onKey);
  // Otherwise the focus would stay on a clicked button, and the space bar would press it again instead of playing.
  document.addEventListener("click", (event) => {
    if (event.detail > 0) event.target.closest?.("button")?.blur();
  });
  // The same page in another tab.
  window.addEventListener("storage", (event) => {
    const changed = [...stores.values()].find((store) => store.key === event.key);
    changed?.read();
    if (!answers || changed !== answers) return;
    if (screenShown() === "summary") showSummary();
    if (screenShown() === "clip") {
      showProgress();
      showAnswer();
    }
  });
  window.addEventListener("beforeunload", (event) => {
    if ([...stores.values()].some((store) => !store.isKept && !store.isExported)) event.preventDefault();
  });
}

setText("dataset", page.dataset);
setText("clip-count", page.clips.length);
$("not-kept").hidden = kept !== null;
listen();
showStart();
