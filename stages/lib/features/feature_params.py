"""Section `featurize` of params.yaml: how a clip becomes an array."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from stages.lib.audio.recording import Channel
from stages.lib.runtime.params import Section

# The network halves both sides four times.
SMALLEST_SIDE = 16
SPECTROGRAM, EMBEDDING = "spectrogram", "embedding"
NO_MODEL = "none"  # The folder of models/pretrained/ that stands for no pretrained model.


class FeatureParams(Section):
    """How a clip becomes an array: section `featurize` of params.yaml."""

    # YAML has lists. Tuples can be hashed, which caches need.
    views: Annotated[tuple[Literal["spectrogram", "embedding"], ...], Field(strict=False, min_length=1)]
    channel: Channel
    sample_rate: Annotated[int, Field(ge=100, le=1_000_000)]
    clip_s: Annotated[float, Field(gt=0, le=600)]
    fft_size: Annotated[int, Field(ge=16, le=2**20)]
    hop_size: Annotated[int, Field(ge=1, le=2**20)]
    mel_bands: Annotated[int, Field(ge=SMALLEST_SIDE, le=1024)]
    min_hz: Annotated[float, Field(ge=0)]
    max_hz: Annotated[float, Field(gt=0)]
    pcen: bool
    wavelet_denoise: bool
    pretrained: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=100)]
    speeds: Annotated[
        tuple[Annotated[float, Field(ge=0.01, le=100)], ...], Field(strict=False, min_length=1, max_length=10)
    ]

    @field_validator("channel", mode="before")
    @classmethod
    def is_channel(cls, channel: object) -> object:
        """Refuse anything but `mix` or the number of a channel."""
        if channel != "mix" and not (type(channel) is int and channel >= 1):
            raise ValueError("should be mix, or the number of a channel, from 1")
        return channel

    @model_validator(mode="after")
    def frequencies_fit(self) -> "FeatureParams":
        """Refuse an empty frequency range, one above half the sample rate, and a clip with too few frames."""
        if not self.min_hz < self.max_hz <= self.sample_rate / 2:
            raise ValueError("should have min_hz < max_hz <= sample_rate / 2")
        if self.fft_size > self.clip_samples:
            raise ValueError("should have an fft_size that is not longer than a clip")
        if self.shape[1] < SMALLEST_SIDE:
            raise ValueError(f"should have a hop_size that leaves {SMALLEST_SIDE} frames in a clip or more")
        return self

    @model_validator(mode="after")
    def views_fit(self) -> "FeatureParams":
        """Refuse repeated views and speeds, and an embedding without a pretrained model."""
        if len(set(self.views)) < len(self.views) or len(set(self.speeds)) < len(self.speeds):
            raise ValueError("should name each of its views and speeds once")
        if self.embeds and self.pretrained == NO_MODEL:
            raise ValueError("should name a folder of models/pretrained in `pretrained` if a view is embedding")
        return self

    @property
    def embeds(self) -> bool:
        """Whether a pretrained model is used."""
        return EMBEDDING in self.views

    @property
    def highest_hz(self) -> float:
        """The highest frequency of a band that the model sees, in Hz; 0 for a probe alone, which sees no bands."""
        return self.max_hz if SPECTROGRAM in self.views else 0.0

    @property
    def clip_samples(self) -> int:
        """Samples in one clip, at `sample_rate`."""
        return round(self.clip_s * self.sample_rate)

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the spectrogram of one clip: (mel bands, frames)."""
        # librosa pads half a window at either end, and half of an odd one is rounded down.
        return self.mel_bands, 1 + (self.clip_samples - self.fft_size % 2) // self.hop_size
