// Plays a stretch of sound. All positions are seconds from the start of the sound, at any speed.

// Without a short fade, starting or stopping in the middle of a wave would click, and whales click too.
const FADE_S = 0.005;
// A decoder that keeps the encoder delay returns more sound than there is.
const DELAY_SHOWS_S = 0.005;

// Returns a new context, or null if the browser has none. Call it only after the user has pressed a key or a button:
// before that, browsers allow no sound.
function audioContext() {
  // Otherwise an iPhone in silent mode would play nothing.
  if (navigator.audioSession) navigator.audioSession.type = "playback";
  return window.AudioContext ? new AudioContext() : null;
}

class Player {
  constructor(context, onChange) {
    this.context = context;
    this.onChange = onChange;
    this.speed = 1;
    this.looping = false;
    this.unload();
  }

  // Takes the sound of a clip (decoded samples, or null if decoding failed) and the times of the clip.
  load(buffer, times) {
    this.unload();
    this.buffer = buffer;
    this.length = times.length_s;
    this.loopBegin = times.clip_start_s;
    this.loopEnd = times.clip_end_s;
    this.lead = buffer && buffer.duration > times.length_s + DELAY_SHOWS_S ? times.delay_s : 0;
  }

  unload() {
    this.stop();
    this.buffer = null;
    this.length = 0;
    this.resting = 0;
  }

  get playing() {
    return Boolean(this.source);
  }

  // The position of the sound heard now, or next.
  get position() {
    if (!this.source) return this.resting;
    const heard = this.context.currentTime - this.startedAt - (this.context.outputLatency || 0);
    return Math.min(this.from + Math.max(0, heard) * this.speed, this.to);
  }

  play(position) {
    this.stop();
    if (!this.buffer) return;
    this.context.resume();
    const ahead = this.looping && position < this.loopEnd;
    this.from = position;
    this.to = ahead ? this.loopEnd : this.length;
    const source = this.context.createBufferSource();
    const gain = this.context.createGain();
    source.buffer = this.buffer;
    source.playbackRate.value = this.speed;
    source.connect(gain).connect(this.context.destination);
    const begin = this.context.currentTime;
    const end = begin + (this.to - this.from) / this.speed;
    gain.gain.setValueAtTime(0, begin);
    gain.gain.linearRampToValueAtTime(1, begin + FADE_S);
    gain.gain.setValueAtTime(1, Math.max(begin + FADE_S, end - FADE_S));
    gain.gain.linearRampToValueAtTime(0, Math.max(begin + 2 * FADE_S, end));
    source.onended = () => this.ended(source);
    source.start(begin, this.lead + this.from, this.to - this.from);
    this.source = source;
    this.gain = gain;
    this.startedAt = begin;
    this.onChange();
  }

  ended(source) {
    if (source !== this.source) return;
    this.source = null;
    this.resting = this.to;
    if (this.looping) this.play(this.loopBegin);
    else this.onChange();
  }

  stop() {
    if (!this.source) return;
    this.resting = this.position;
    const now = this.context.currentTime;
    this.gain.gain.cancelScheduledValues(now);
    this.gain.gain.setTargetAtTime(0, now, FADE_S / 3);
    this.source.stop(now + 2 * FADE_S);
    this.source = null;
    this.onChange();
  }

  toggle() {
    if (this.playing) this.stop();
    else this.play(this.resting < this.length ? this.resting : 0);
  }

  // Moves to another position, without starting or stopping.
  seek(position) {
    const inside = Math.min(Math.max(position, 0), this.length);
    if (this.playing) this.play(inside);
    else this.resting = inside;
    this.onChange();
  }

  setSpeed(speed) {
    const { playing, position } = this;
    this.stop();
    this.speed = speed;
    if (playing) this.play(position);
  }

  setLooping(looping) {
    this.looping = looping;
    if (this.playing) this.play(this.position);
  }
}
