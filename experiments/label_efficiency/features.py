"""Compute the features of one data set for all runs, with its clips.csv next to them."""

import argparse

from experiments.features import write_features
from experiments.label_efficiency.settings import FEATURES, HERE, read_settings
from experiments.overlays import overlaid, read_overlay
from stages.lib.features.feature_params import FeatureParams
from stages.lib.runtime.running import run


def main() -> None:
    """Write the features of one data set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", help="one of `sources` in experiments/label_efficiency/params.yaml")
    dataset = parser.parse_args().dataset
    settings = read_settings()
    source = settings.sources[dataset]
    views = {"featurize": settings.featurize.model_dump()}
    params = overlaid("featurize", FeatureParams, read_overlay(HERE / source.overlay), views)
    folder = HERE / source.folder
    write_features(FEATURES / dataset, folder / "clips.csv", folder / "recordings", params)


if __name__ == "__main__":
    run(main)
