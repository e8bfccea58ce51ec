// A card with a clip: its spectrogram, a play button, and its facts.

const CLASSES = { call: "call", nocall: "no call" };
const SOURCES = { dataset: "by the data set", expert: "by the experts" };
const PART_NAMES = { train: "training", valid: "validation", test: "test" };

const wordFor = (pCall) => (pCall > 0.5 ? "call" : "nocall");

class ClipCard {
  // Takes an entry of a section, the facts of its clip, and handlers for play and seek.
  constructor(entry, about, { onPlay, onSeek }) {
    this.entry = entry;
    this.about = about;
    this.root = element("article", { class: "card clip", "aria-label": `${this.verdict}: ${about.clip_id}` });
    const plot = element("div", { class: "spectrogram" });
    this.spectrogram = new SpectrogramView(plot, (seconds) => onSeek(this, seconds));
    this.spectrogram.slider.setAttribute("aria-label", `Position in ${about.clip_id}`);
    this.button = element("button", { class: "play" });
    this.word = element("span", { class: "play-word" });
    this.button.append(icon("play"), this.word);
    this.button.addEventListener("click", () => onPlay(this));
    this.fault = element("p", { class: "warning small", role: "alert" }, "This browser cannot play the sound of this clip; try another browser.");
    this.fault.hidden = true;
    this.root.append(this.heading(), plot, this.fault, this.foot());
    this.showPlaying(false);
  }

  // Returns the kind of error, or the label in doubt, in two words.
  get verdict() {
    if (this.isDoubt) return `Labelled ${CLASSES[this.entry.label]}`;
    return this.entry.label === "call" ? "Missed call" : "False alarm";
  }

  get isDoubt() {
    return this.entry.quality !== undefined;
  }

  heading() {
    const heading = element("div", { class: "heading" });
    const score = element("p", { class: "score" });
    score.append("p_call ", element("b", {}, this.entry.p_call.toFixed(3)));
    heading.append(element("h3", { class: `badge ${wordFor(this.entry.p_call)}` }, this.verdict), score);
    return heading;
  }

  foot() {
    const foot = element("div", { class: "foot" });
    const facts = element("dl", { class: "facts small" });
    for (const [name, value] of this.facts()) facts.append(element("dt", {}, name), element("dd", {}, value));
    foot.append(this.button, facts);
    return foot;
  }

  facts() {
    const { entry, about } = this;
    return [
      ["Clip", about.clip_id],
      ["Label", `${CLASSES[entry.label]}, ${SOURCES[entry.source]}`],
      ["Model", `${CLASSES[wordFor(entry.p_call)]}${this.isDoubt ? ", trained without this clip" : ""}`],
      ...(this.isDoubt ? [["Quality", entry.quality.toFixed(3)]] : []),
      ["Part", PART_NAMES[entry.part]],
      ...(this.isDoubt && about.site ? [["Site", about.site]] : []),
      ["From", `${about.start_s.toFixed(1)} s into ${about.recording}`],
    ];
  }

  showPlaying(playing) {
    this.button.querySelector("use").setAttribute("href", playing ? "#icon-pause" : "#icon-play");
    this.button.setAttribute("aria-label", `${playing ? "Pause" : "Play"} ${this.about.clip_id}`);
    this.word.textContent = playing ? "Pause" : "Play";
    this.root.classList.toggle("playing", playing);
  }
}
