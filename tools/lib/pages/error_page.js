// The contents, keys and buttons of the error page.

const page = JSON.parse(document.getElementById("page").textContent);
const $ = (id) => document.getElementById(id);
// Pictures are decoded shortly before they scroll into view.
const AHEAD_OF_SIGHT = "600px";

const cards = [];
let view = "plain";
let speed = 1;
let context = null;
let player = null;
let current = null; // The card whose sound is loaded or loading.

function counted(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function percentage(share) {
  return `${Math.round(100 * share)} %`;
}

function nameOf(site) {
  return site.site || "(no site given)";
}

function startSound() {
  if (player) return;
  context = audioContext();
  player = new Player(context, showPlaying);
  player.setSpeed(speed);
}

// Loads the sound of a card; returns whether it can be played and the card is still the current one.
async function choose(card) {
  startSound();
  if (current === card) return player.length > 0;
  player.unload();
  current?.showPlaying(false);
  current = card;
  const sound = await decodeSound(context, mediaOf(card.entry.position));
  if (current !== card) return false;
  card.fault.hidden = sound !== null;
  card.button.disabled = sound === null;
  player.load(sound, card.about);
  return sound !== null;
}

async function play(card) {
  const from = card.spectrogram.position;
  if (current === card) player.toggle();
  else if (await choose(card)) player.play(from < player.length ? from : 0);
}

async function seek(card, seconds) {
  card.spectrogram.setPosition(Math.min(Math.max(seconds, 0), card.about.length_s));
  if (await choose(card)) player.seek(card.spectrogram.position);
}

function showPlaying() {
  // While a sound is loading there is nothing to show.
  if (!current || !player?.length) return;
  current.showPlaying(player.playing);
  current.spectrogram.setPosition(player.position);
  cancelAnimationFrame(showPlaying.request);
  if (player.playing) showPlaying.request = requestAnimationFrame(showPlaying);
}

function setView(name) {
  view = name;
  for (const card of cards) card.spectrogram.setView(view);
  for (const button of document.querySelectorAll("button[data-view]")) {
    button.setAttribute("aria-pressed", String(button.dataset.view === view));
  }
}

function setSpeed(value) {
  speed = value;
  player?.setSpeed(speed);
  for (const button of document.querySelectorAll("[data-speed]")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.speed) === speed));
  }
}

// Plays the card before or after the focused one, or otherwise the one played last.
function go(step) {
  const focused = cards.findIndex((card) => card.root.contains(document.activeElement));
  const here = focused >= 0 ? focused : cards.indexOf(current);
  const card = here < 0 ? cards[0] : cards[here + step];
  if (!card) return;
  card.root.scrollIntoView({ block: "center" });
  card.button.focus({ preventScroll: true });
  if (current !== card || !player.playing) play(card);
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.repeat) return;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step) return;
  event.preventDefault();
  go(step);
}

const inSight = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) showPictures(target);
  },
  { rootMargin: AHEAD_OF_SIGHT },
);

async function showPictures(root) {
  inSight.unobserve(root);
  const card = cards.find((other) => other.root === root);
  card.spectrogram.setPictures(await decodePictures(mediaOf(card.entry.position)));
}

function grid(entries) {
  const list = element("div", { class: "clips" });
  for (const entry of entries) {
    const card = new ClipCard(entry, page.clips[entry.position], { onPlay: play, onSeek: seek });
    card.spectrogram.show(card.about, view);
    cards.push(card);
    list.append(card.root);
    inSight.observe(card.root);
  }
  return list;
}

function siteRow(site, index) {
  const row = element("tr");
  const name = element("th", { scope: "row" });
  if (site.shown.length) name.append(element("a", { href: `#site-${index}` }, nameOf(site)));
  else name.append(nameOf(site));
  const rate = element("td", { class: "rate" });
  const bar = element("div", { class: "bar", "aria-hidden": "true" });
  const [interval, point] = [element("i", { class: "interval" }), element("i", { class: "point" })];
  interval.style.left = percent(site.rate_low);
  interval.style.width = percent(site.rate_high - site.rate_low);
  point.style.left = percent(site.rate);
  bar.append(interval, point);
  rate.append(bar, rateText(site));
  const counts = [site.clips, site.missed, site.false_alarms].map((count) => element("td", { class: "number" }, `${count}`));
  row.append(name, ...counts, rate);
  return row;
}

function rateText(site) {
  const text = element("span");
  text.append(element("b", {}, percentage(site.rate)), ` (${percentage(site.rate_low)} to ${percentage(site.rate_high)})`);
  return text;
}

function siteSection(site, index) {
  const section = element("section", { id: `site-${index}`, "aria-labelledby": `site-${index}-title`, tabindex: "-1" });
  const heading = element("div", { class: "heading" });
  const wrong = site.missed + site.false_alarms;
  const said = element("p", { class: "faint" }, `${wrong} of ${counted(site.clips, "clip")} wrong, `);
  said.append(rateText(site));
  if (site.shown.length < wrong) said.append(`; the ${site.shown.length} most confident shown`);
  heading.append(element("h2", { id: `site-${index}-title` }, nameOf(site)), said);
  section.append(heading, grid(site.shown));
  return section;
}

function showErrors() {
  const shown = page.sites.reduce((sum, site) => sum + site.shown.length, 0);
  const which = shown < page.errors ? ` Shown: the ${shown} most confident.` : "";
  $("lead").textContent = page.errors
    ? `The retrained model is wrong about ${page.errors} of the ${page.scored} validation and test clips of ${page.dataset}.${which}`
    : `The retrained model is right about all ${page.scored} validation and test clips of ${page.dataset}.`;
  $("site-rows").replaceChildren(...page.sites.map(siteRow));
  $("sites").hidden = !page.sites.length;
  page.sites.forEach((site, index) => {
    if (site.shown.length) $("errors").append(siteSection(site, index));
  });
}

function showDoubts() {
  const { doubts } = page;
  $("doubts-note").hidden = !doubts?.shown.length;
  if (!doubts) {
    $("doubts-line").textContent = `To list them, ${page.remedy}, which takes a few minutes, and make this page again.`;
    return;
  }
  const first = doubts.shown.length < doubts.total ? `; the first ${doubts.shown.length} shown` : "";
  const corrected = doubts.corrected ? ` ${counted(doubts.corrected, "label")} in the list changed or disputed since then.` : "";
  $("doubts-line").textContent = `${counted(doubts.total, "label")} in doubt, most doubtful first${first}.${corrected}`;
  $("doubts").append(grid(doubts.shown));
}

function listen() {
  for (const button of document.querySelectorAll("[data-speed]")) button.addEventListener("click", () => setSpeed(Number(button.dataset.speed)));
  for (const button of document.querySelectorAll("button[data-view]")) button.addEventListener("click", () => setView(button.dataset.view));
  document.addEventListener("keydown", onKey);
}

for (const place of document.querySelectorAll('[data-text="dataset"]')) place.textContent = page.dataset;
showErrors();
showDoubts();
listen();
