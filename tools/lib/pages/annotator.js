// The start screen: asks for the annotator's name and keeps the answers under it.

// The store of each name, because the browser may not have kept its answers.
const stores = new Map();

function storeFor(name) {
  const key = caseless(name);
  if (!stores.has(key)) stores.set(key, new AnswerStore(kept, page.digest, clipIds, page.labels, name));
  return stores.get(key);
}

// Returns the answers given under the last name, if this name has none yet and may take them over.
function othersAnswers(name) {
  const last = answers?.name ?? kept?.getItem(NAME_KEY);
  if (!last || caseless(last) === caseless(name)) return null;
  const others = storeFor(last);
  return others.answers.size && !storeFor(name).answers.size ? others : null;
}

function showKept() {
  const name = oneSpelling($("name").value);
  const count = name ? storeFor(name).answers.size : 0;
  $("kept").textContent = count ? `${count} of ${page.clips.length} clips answered under this name in this browser.` : "";
  $("begin").textContent = count ? "Continue" : "Start";
  const others = name ? othersAnswers(name) : null;
  $("take-over-row").hidden = !others;
  $("take-over").checked = false;
  $("take-over-text").textContent = others ? `The ${others.answers.size} answers under “${others.name}” are mine: move them to this name` : "";
  setNameFault("");
}

function setNameFault(fault) {
  $("name-fault").textContent = fault;
  $("name").setAttribute("aria-invalid", String(Boolean(fault)));
}

function begin(event) {
  event.preventDefault();
  const name = oneSpelling($("name").value);
  const fault = nameFault(name);
  setNameFault(fault);
  if (fault) {
    $("name").focus();
    return;
  }
  const others = $("take-over").checked ? othersAnswers(name) : null;
  answers = storeFor(name);
  answers.name = name;
  if (others) answers.takeOver(others);
  try {
    kept?.setItem(NAME_KEY, name);
  } catch {
    // No room: the page asks for the name again next time.
  }
  setText("annotator", name);
  startSound();
  const open = page.clips.findIndex((clip) => !isDone(clip));
  if (open < 0) {
    position = answers.position;
    keep();
    showSummary();
  } else showClip(answers.answers.size ? answers.position : open);
}

function startSound() {
  if (media) return;
  const context = audioContext();
  media = new ClipMedia(context);
  player = new Player(context, showPlaying);
}

function changeWho() {
  player.unload();
  showStart();
}

function showStart() {
  $("name").value = answers?.name ?? kept?.getItem(NAME_KEY) ?? "";
  showScreen("start");
  showKept();
  $("name").focus();
}
