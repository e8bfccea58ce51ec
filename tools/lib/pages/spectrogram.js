// Shows the spectrogram of a clip in one of several views, with axes, two lines around the clip, and a playhead.

const SEEK_STEP_S = 0.1;
const LEAST_CONTEXT_S = 1e-6; // Anything shorter is a rounding error.
const SHORTEST_NAMED = 0.08; // Share of the width; a shorter context has no room for its name.

// Makes an element; text is never read as HTML.
function element(name, attributes = {}, text = "") {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

// Makes one of the drawings of the page.
function icon(name) {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("class", "icon");
  drawing.setAttribute("aria-hidden", "true");
  drawing.append(document.createElementNS("http://www.w3.org/2000/svg", "use"));
  drawing.firstChild.setAttribute("href", `#icon-${name}`);
  return drawing;
}

function percent(share) {
  return `${100 * share}%`;
}

class SpectrogramView {
  constructor(root, onSeek) {
    this.root = root;
    this.onSeek = onSeek;
    this.frequencies = element("div", { class: "axis frequencies", "aria-hidden": "true" });
    this.plot = element("div", { class: "plot" });
    this.times = element("div", { class: "axis times", "aria-hidden": "true" });
    this.pictures = element("div");
    this.before = element("div", { class: "context before", "aria-hidden": "true" });
    this.after = element("div", { class: "context after", "aria-hidden": "true" });
    this.playhead = element("div", { class: "playhead" });
    this.slider = element("div", { class: "seek", role: "slider", tabindex: "0", "aria-label": "Position", "aria-valuemin": "0" });
    this.before.append(element("span", {}, "context"));
    this.after.append(element("span", {}, "context"));
    this.plot.append(this.pictures, this.before, this.after, this.playhead, this.slider);
    root.replaceChildren(this.frequencies, this.plot, this.times);
    this.listen();
  }

  listen() {
    const seek = (event) => {
      const box = this.plot.getBoundingClientRect();
      this.onSeek((this.about.length_s * (event.clientX - box.left)) / box.width);
    };
    this.slider.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      // Keep the focus where it was, so that the arrow keys still mean back and next.
      event.preventDefault();
      this.slider.setPointerCapture(event.pointerId);
      seek(event);
    });
    this.slider.addEventListener("pointermove", (event) => {
      if (this.slider.hasPointerCapture(event.pointerId)) seek(event);
    });
    this.slider.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -SEEK_STEP_S, ArrowDown: -SEEK_STEP_S, ArrowRight: SEEK_STEP_S, ArrowUp: SEEK_STEP_S }[event.key];
      const target = { Home: 0, End: this.about.length_s }[event.key] ?? (step && this.position + step);
      if (target === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      this.onSeek(target);
    });
  }

  // Takes the facts of a clip and the view; the pictures may come later.
  show(about, view) {
    this.about = about;
    this.pictures.replaceChildren();
    const share = (seconds) => percent(seconds / about.length_s);
    const contexts = [about.clip_start_s, about.length_s - about.clip_end_s];
    // If only one side has context, the other end of the clip still gets its line.
    this.hasContext = contexts.some((seconds) => seconds > LEAST_CONTEXT_S);
    [this.before, this.after].forEach((side, index) => {
      side.hidden = !this.hasContext;
      side.style.width = share(contexts[index]);
      side.firstChild.hidden = contexts[index] < SHORTEST_NAMED * about.length_s;
    });
    this.times.replaceChildren(
      ...about.times.map(([second, at], index) => {
        const last = index === about.times.length - 1;
        const edge = at / about.length_s < 0.01 ? "first" : at / about.length_s > 0.99 ? "last" : "";
        const label = element("span", { class: edge }, `${second}${last ? " s" : ""}`.replace("-", "−"));
        label.style.left = share(at);
        return label;
      }),
    );
    this.slider.setAttribute("aria-valuemax", about.length_s.toFixed(2));
    this.setView(view);
    this.setPosition(0);
  }

  setPictures(images) {
    for (const [view, image] of Object.entries(images)) {
      const { start_s, end_s } = this.about[view];
      image.dataset.view = view;
      image.style.left = percent(start_s / this.about.length_s);
      image.style.width = percent((end_s - start_s) / this.about.length_s);
    }
    this.pictures.replaceChildren(...Object.values(images));
    this.setView(this.view);
  }

  setView(view) {
    this.view = view;
    for (const image of this.pictures.children) {
      const shown = image.dataset.view === view;
      image.classList.toggle("shown", shown);
      image.setAttribute("aria-hidden", String(!shown));
    }
    this.frequencies.replaceChildren(
      element("span", { class: "unit" }, "kHz"),
      ...this.about[view].frequencies
        // The unit is at the top.
        .filter(([, height]) => height < 0.95)
        .map(([kilohertz, height]) => {
          const label = element("span", {}, `${kilohertz}`);
          label.style.bottom = percent(height);
          return label;
        }),
    );
  }

  setPosition(position) {
    this.position = position;
    this.playhead.style.left = percent(position / this.about.length_s);
    const second = (position - this.about.clip_start_s).toFixed(1);
    // Updated only when the text changes, because a screen reader may read each change out.
    if (second === this.said) return;
    this.said = second;
    this.slider.setAttribute("aria-valuenow", position.toFixed(2));
    this.slider.setAttribute("aria-valuetext", `${second} seconds from the start of the clip`);
  }
}
