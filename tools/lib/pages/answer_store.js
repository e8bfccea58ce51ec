// The answers of one annotator for one queue, kept by the browser so that they survive a reload.

// All pages opened from disk share one store, so the key tells queues apart by their digest, and annotators by name.
const KEY_PREFIX = "orca-labels";
const NAME_KEY = `${KEY_PREFIX}:annotator`;

// Returns the browser's store, or null where it is blocked.
function browserStore() {
  try {
    const probe = `${KEY_PREFIX}:probe`;
    localStorage.setItem(probe, probe);
    localStorage.removeItem(probe);
    return localStorage;
  } catch {
    return null;
  }
}

class AnswerStore {
  constructor(store, digest, clipIds, labels, name) {
    this.store = store;
    this.key = `${KEY_PREFIX}:${digest}:${caseless(name)}`;
    this.clipIds = clipIds;
    this.labels = labels;
    this.name = name;
    this.read();
  }

  // Reads what was kept; what is damaged, or not of this queue, is left out.
  read() {
    let kept = {};
    try {
      kept = JSON.parse(this.store?.getItem(this.key)) ?? {};
    } catch {
      // Not JSON: somebody else's, or damaged.
    }
    const known = new Set(this.clipIds);
    const entries = (value) => (Array.isArray(value) ? value : []).filter((entry) => Array.isArray(entry) && known.has(entry[0]));
    const isAnswer = (answer) => this.labels.includes(answer?.label) && /^\d{4}-\d\d-\d\d$/.test(answer?.date);
    this.answers = new Map(entries(kept.answers).filter(([, answer]) => isAnswer(answer)));
    this.notes = new Map(entries(kept.notes).filter(([, note]) => typeof note === "string"));
    this.history = entries(kept.history).filter(([, before]) => before === null || isAnswer(before));
    this.ended = kept.ended === true;
    this.position = Number.isInteger(kept.position) && this.clipIds[kept.position] ? kept.position : 0;
  }

  // Returns false where the browser has no room or no permission.
  write() {
    const { history, position, ended } = this;
    try {
      this.store?.setItem(this.key, JSON.stringify({ answers: [...this.answers], notes: [...this.notes], history, position, ended }));
      return Boolean(this.store);
    } catch {
      return false;
    }
  }

  // From now on no answer changes: whoever has seen the scores would follow them.
  end() {
    this.ended = true;
  }

  answer(clipId, label, date) {
    this.history.push([clipId, this.answers.get(clipId) ?? null]);
    this.answers.set(clipId, { label, date });
  }

  // Takes the last answer back and returns the clip that it was for, or nothing where there is none.
  undo() {
    const last = this.history.pop();
    if (!last) return undefined;
    const [clipId, before] = last;
    if (before) this.answers.set(clipId, before);
    else this.answers.delete(clipId);
    return clipId;
  }

  setNote(clipId, note) {
    if (note) this.notes.set(clipId, note);
    else this.notes.delete(clipId);
  }

  // Takes everything over from a store of another name, and removes it there.
  takeOver(other) {
    for (const part of ["answers", "notes", "history", "position", "ended"]) this[part] = other[part];
    if (this.write()) this.store.removeItem(other.key);
  }

  count(label) {
    return [...this.answers.values()].filter((answer) => answer.label === label).length;
  }

  // Returns the rows of the answered clips, in the order of the queue.
  rows() {
    return this.clipIds
      .filter((clipId) => this.answers.has(clipId))
      .map((clipId) => ({ clip_id: clipId, annotator: this.name, note: this.notes.get(clipId) ?? "", ...this.answers.get(clipId) }));
  }
}
