// Decodes sound and pictures of the clips near the one that is shown, and forgets the others.

const BEHIND = 1;
const AHEAD = 2;

class ClipMedia {
  // The context may be null, where the browser has none; then there is no sound.
  constructor(context) {
    this.context = context;
    this.near = new Map();
  }

  // Returns the media of a clip, and begins with those of its neighbours.
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
    const { sound, plain, features } = JSON.parse(document.getElementById(`media-${position}`).textContent);
    const [buffer, ...images] = await Promise.all([
      this.decodeSound(sound),
      decodePicture(plain, "Spectrogram, plain view"),
      decodePicture(features, "Spectrogram, the model’s view"),
    ]);
    return { sound: buffer, images: { plain: images[0], features: images[1] } };
  }

  // Returns samples, or null where this browser cannot decode them.
  async decodeSound(base64) {
    try {
      return await this.context.decodeAudioData(bytesOf(base64).buffer);
    } catch {
      return null;
    }
  }
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
