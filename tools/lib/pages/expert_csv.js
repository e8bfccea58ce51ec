// Writes answers in the format of `labels/expert.csv`, with the rules of stages/lib/runtime/table.py and stages/lib/tables/answer_rules.py.

// The characters that Python's str.strip() removes; trim() removes a different set.
const BLANK = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
const BLANK_ENDS = new RegExp(`^${BLANK}|${BLANK}$`, "g");

function strip(text) {
  return text.replace(BLANK_ENDS, "");
}

// Returns a text on one line, without control characters.
function oneLine(text) {
  return strip(text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " "));
}

// Returns the normal form of a name, equal for all its Unicode spellings.
function oneSpelling(name) {
  return strip(name).normalize("NFC");
}

// Returns a key that is the same for Val and val, one blank and two, which are one annotator.
function caseless(name) {
  return name.replace(/\s+/g, " ").toLowerCase().normalize("NFC");
}

// Returns the fault of a name, or an empty text.
function nameFault(name) {
  if (!name) return "Enter your name; it will be saved with your answers.";
  if (name.startsWith("'")) return "A name cannot begin with an apostrophe.";
  if (/\p{C}|(?! )\p{Z}/u.test(name)) return "The name holds an invisible character; type it again.";
  return "";
}

// Returns the day in the annotator's own time zone, as in 2026-11-22.
function dayOf(date) {
  const pad = (number, length) => String(number).padStart(length, "0");
  return `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1, 2)}-${pad(date.getDate(), 2)}`;
}

class ExpertCsv {
  // The patterns match texts that a spreadsheet would run as a formula, and numbers, which it would not.
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

  // Takes rows as objects with one text per column.
  text(rows) {
    return `${this.columns.join(",")}\n${this.textOfRows(rows)}`;
  }

  // Omits the header, because rows are pasted into a table that has one already.
  textOfRows(rows) {
    return rows.map((row) => `${this.columns.map((name) => this.cell(row[name])).join(",")}\n`).join("");
  }
}

function fileName(kind, name, day) {
  const plain = name.replace(/[^\p{L}\p{M}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "");
  return `${kind}-${plain || "answers"}-${day}.csv`;
}
