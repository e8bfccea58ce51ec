"""What kind of model a model card is about, and what it sees of a clip, in words."""

from collections.abc import Mapping, Sequence
from typing import Any


def seen(featurize: Mapping[str, Any], pretrained: Mapping[str, Any] | None) -> str:
    """Say what the model sees of a clip, and under which licence what it sees was made."""
    seen = [sound(featurize)] if "spectrogram" in featurize["views"] else []
    if pretrained:
        seen.append(embedding(featurize, pretrained))
    return ", and ".join(seen)


def embedding(featurize: Mapping, pretrained: Mapping) -> str:
    """Say which pretrained model makes the embedding."""
    speeds = ", ".join(f"{speed:g}" for speed in featurize["speeds"])
    size = pretrained["size"] * len(featurize["speeds"])
    return (
        f"{size} numbers that the pretrained model `{featurize['pretrained']}` gives for {featurize['clip_s']:g} s of "
        f"sound, played {speeds} times as fast. **The weights of that model are under {pretrained['licence']}** "
        f"({pretrained['source']})"
    )


def kind(views: Sequence[str], networks: int) -> str:
    """Say what the model is: networks, a probe, or both."""
    kinds = {"spectrogram": network(networks), "embedding": "a probe (logistic regression on the embedding)"}
    return " and ".join(kinds[view] for view in views)


def sound(featurize: Mapping[str, Any]) -> str:
    """Say in one line what the network sees of the sound."""
    channel = "mean of all channels" if featurize["channel"] == "mix" else f"channel {featurize['channel']}"
    return ", ".join(
        [
            f"{featurize['clip_s']:g} s of sound ({channel}, {featurize['sample_rate']:,} Hz)",
            f"{featurize['mel_bands']} mel bands from {featurize['min_hz']:g} to {featurize['max_hz']:g} Hz",
            "PCEN" if featurize["pcen"] else "decibels",
            *(["wavelet denoising"] if featurize["wavelet_denoise"] else []),
        ]
    )


def network(count: int) -> str:
    """Name the network, and how many of it are averaged."""
    kind = "[small convolutional network](../stages/lib/model/network.py)"
    return f"{count} times a {kind}, log-odds averaged" if count > 1 else f"one {kind}"
