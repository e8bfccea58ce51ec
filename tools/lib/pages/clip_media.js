// Decodes the sound and pictures of clips near the current one, and drops the others.

const BEHIND = 1;
const AHEAD = 2;

class ClipMedia {
  // The context is null if the browser has none; then there is no sound.
  constructor(context) {
    this.context = context;
    this.near = new Map();
  }

  // Returns the media of a clip, and starts decoding its neighbours.
  async at(position, count) {
    for (const known of this.near.keys()) {
      if (known < position - BEHIND || known > position + AHEAD) this.near.delete(known);
    }
    const media = this.begin(position);
    await media;
    for (let other = Math.max(0, position - BEHIND); other <= Math.min(count - 1, position + AHEAD); other++) this.begin(other);
    return media;
  }

  begin(position) {
    if (!this.near.has(position)) this.near.set(position, this.decode(position));
    return this.near.get(position);
  }

  async decode(position) {
    const encoded = mediaOf(position);
    const [sound, images] = await Promise.all([decodeSound(this.context, encoded), decodePictures(encoded)]);
    return { sound, images };
  }
}

// Returns the encoded media of a clip.
function mediaOf(position) {
  return JSON.parse(document.getElementById(`media-${position}`).textContent);
}

// Returns samples, or null if this browser cannot decode them.
async function decodeSound(context, { sound }) {
  try {
    return await context.decodeAudioData(bytesOf(sound).buffer);
  } catch {
    return null;
  }
}

// Returns the two pictures by view.
async function decodePictures({ plain, features }) {
  const images = await Promise.all([
    decodePicture(plain, "Spectrogram, plain view"),
    decodePicture(features, "Spectrogram, the model’s view"),
  ]);
  return { plain: images[0], features: images[1] };
}

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

async function decodePicture(address, description) {
  const image = new Image();
  image.alt = description;
  image.draggable = false;
  image.src = address;
  // A picture that cannot be decoded is shown as broken, with its description.
  await image.decode().catch(() => {});
  return image;
}
