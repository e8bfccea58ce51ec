"""Params of features that are quickly computed."""

from stages.lib.features.feature_params import FeatureParams

PARAMS = FeatureParams(
    views=("spectrogram",),
    channel="mix",
    sample_rate=8000,
    clip_s=0.5,
    fft_size=256,
    hop_size=100,
    mel_bands=40,
    min_hz=50.0,
    max_hz=4000.0,
    pcen=True,
    wavelet_denoise=True,
    pretrained="none",
    speeds=(1.0,),
)
