// Stores the answers of one annotator for one queue in the browser, so that they survive a reload.

// All pages opened from disk share one store, so the key holds the digest of the queue and the annotator's name.
const KEY_PREFIX = "orca-labels";
const NAME_KEY = `${KEY_PREFIX}:annotator`;

// Returns the browser's store, or null if it is blocked. A store without room still holds earlier answers.
function browserStore() {
  try {
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
    this.isExported = true;
    this.isKept = Boolean(store);
    this.read();
  }

  // Reads the stored answers; skips damaged entries and clips of other queues.
  read() {
    let kept = {};
    try {
      kept = JSON.parse(this.store?.getItem(this.key)) ?? {};
    } catch {
      // Not JSON: from another program, or damaged.
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

  // Sets isKept to false if the browser has no room or no permission.
  write() {
    const { history, position, ended } = this;
    try {
      this.store.setItem(this.key, JSON.stringify({ answers: [...this.answers], notes: [...this.notes], history, position, ended }));
      this.isKept = true;
    } catch {
      this.isKept = false;
    }
  }

  // Makes the answers final, because an annotator who has seen the scores would follow them.
  end() {
    this.ended = true;
  }

  answer(clipId, label, date) {
    this.isExported = false;
    this.history.push([clipId, this.answers.get(clipId) ?? null]);
    this.answers.set(clipId, { label, date });
  }

  // Undoes the last answer and returns its clip, or undefined if there is none. The answer before it is given again on
  // this date: with its own, it would be older than the undone one, which may have been handed in.
  undo(date) {
    const last = this.history.pop();
    if (!last) return undefined;
    this.isExported = false;
    const [clipId, before] = last;
    if (before) this.answers.set(clipId, { ...before, date });
    else this.answers.delete(clipId);
    return clipId;
  }

  setNote(clipId, note) {
    this.isExported = false;
    if (note) this.notes.set(clipId, note);
    else this.notes.delete(clipId);
  }

  // Moves everything from the store of another name to this one.
  takeOver(other) {
    for (const part of ["answers", "notes", "history", "position", "ended", "isExported"]) this[part] = other[part];
    this.write();
    if (this.isKept) this.store.removeItem(other.key);
    other.isExported = true;
    other.read();
  }

  count(label) {
    return [...this.answers.values()].filter((answer) => answer.label === label).length;
  }

  // Returns the rows of the answered clips, in queue order.
  rows() {
    return this.clipIds
      .filter((clipId) => this.answers.has(clipId))
      .map((clipId) => ({ clip_id: clipId, annotator: this.name, note: this.notes.get(clipId) ?? "", ...this.answers.get(clipId) }));
  }
}
