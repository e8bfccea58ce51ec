// Writes answers as `labels/expert.csv` has them: the same guard, quoting and rules as stages/lib/runtime/table.py and expert_table.py.

// What Python's str.strip() takes off; trim() takes off something else.
const BLANK = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
const BLANK_ENDS = new RegExp(`^${BLANK}|${BLANK}$`, "g");

function strip(text) {
  return text.replace(BLANK_ENDS, "");
}

// Returns a text on one line, without characters that cannot be seen.
function oneLine(text) {
  return strip(text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " "));
}

// Returns the one form of a name that every spelling of it has.
function oneSpelling(name) {
  return strip(name).normalize("NFC");
}

// Returns what is the same for Val and val, who are one annotator.
function caseless(name) {
  return name.toLowerCase().normalize("NFC");
}

// Says what is wrong with a name, or nothing.
function nameFault(name) {
  if (!name) return "Write your name; it will stand beside your answers.";
  if (name.startsWith("'")) return "A name cannot begin with an apostrophe.";
  if (/\p{C}|(?! )\p{Z}/u.test(name)) return "The name holds a character that cannot be seen; type it anew.";
  return "";
}

// Returns the day in the annotator's own time zone, as in 2026-11-22.
function dayOf(date) {
  const pad = (number, length) => String(number).padStart(length, "0");
  return `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1, 2)}-${pad(date.getDate(), 2)}`;
}

class ExpertCsv {
  // The patterns tell what a spreadsheet would run, and what it would take for a number instead.
  constructor(columns, formula, number) {
    this.columns = columns;
    this.formula = new RegExp(`^(?:${formula})`);
    this.number = new RegExp(`^(?:${number})$`);
  }

  withGuard(text) {
    const stripped = strip(text);
    return this.formula.test(stripped) && !this.number.test(stripped) ? `'${stripped}` : stripped;
  }

  cell(text) {
    const guarded = this.withGuard(text);
    return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
  }

  // Takes rows as objects with a text for each column.
  text(rows) {
    return `${this.columns.join(",")}\n${this.textOfRows(rows)}`;
  }

  // Leaves the header out, because whoever pastes rows into a table has it there already.
  textOfRows(rows) {
    return rows.map((row) => `${this.columns.map((name) => this.cell(row[name])).join(",")}\n`).join("");
  }
}

function fileName(name, day) {
  const plain = name.replace(/[^\p{L}\p{M}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "");
  return `expert-${plain || "answers"}-${day}.csv`;
}
