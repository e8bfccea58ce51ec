"""The kind of model, and its input, in words for the model card."""

from collections.abc import Mapping, Sequence
from typing import Any


def seen(featurize: Mapping[str, Any], pretrained: Mapping[str, Any] | None) -> str:
    """Describe what the model sees of a clip, with the licence of a pretrained model."""
    seen = [sound(featurize)] if "spectrogram" in featurize["views"] else []
    if pretrained:
        seen.append(embedding(featurize, pretrained))
    return ", and ".join(seen)


def embedding(featurize: Mapping, pretrained: Mapping) -> str:
    """Describe the embedding and its pretrained model."""
    speeds = ", ".join(f"{speed:g}" for speed in featurize["speeds"])
    played = f", played {speeds} times as fast" if speeds != "1" else ""
    size = pretrained["size"] * len(featurize["speeds"])
    return (
        f"{size} numbers by the pretrained model `{featurize['pretrained']}` from {featurize['clip_s']:g} s of sound"
        f"{played}. **The weights of that model are under {pretrained['licence']}** "
        f"({pretrained['source']})"
    )


def kind(views: Sequence[str], networks: int) -> str:
    """Name the kind of model: networks, a probe, or both."""
    kinds = {"spectrogram": network(networks), "embedding": "a probe (logistic regression on the embedding)"}
    return " and ".join(kinds[view] for view in views)


def sound(featurize: Mapping[str, Any]) -> str:
    """Describe in one line what the network sees of the sound."""
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
    """Name the network and the number of networks that are averaged."""
    kind = "[small convolutional network](../stages/lib/model/network.py)"
    return f"{count} times a {kind}, log-odds averaged" if count > 1 else f"one {kind}"
