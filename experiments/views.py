"""Features without the views that a model does not look at."""

from collections.abc import Sequence

from stages.lib.feature_store import EMBEDDING, Features
from stages.lib.features.feature_params import NO_MODEL


def with_views(features: Features, views: Sequence[str]) -> Features:
    """Return features as if they had been computed with these views alone.

    Parameters
    ----------
    features : Features
    views : sequence of str
        Of `features.views`.
    """
    numbers = [features.views.index(view) for view in views]
    params = features.description["params"] | {"views": list(views)}
    shapes = {view: features.description["shapes"][view] for view in views}
    if EMBEDDING in views:
        model = {"pretrained": features.description["pretrained"]}
    else:
        # A spectrogram does not depend on these, nor does a network that is kept.
        model, params = {}, params | {"pretrained": NO_MODEL, "speeds": [1.0]}
    places = {
        clip_id: place._replace(shards=tuple(place.shards[number] for number in numbers))
        for clip_id, place in features.places.items()
    }
    return features._replace(description={"params": params, "shapes": shapes, **model}, places=places)
