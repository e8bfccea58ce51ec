"""Features reduced to the views that a model uses."""

from collections.abc import Sequence

from stages.lib.feature_store import EMBEDDING, Features
from stages.lib.features.feature_params import NO_MODEL


def with_views(features: Features, views: Sequence[str]) -> Features:
    """Return features as if only these views had been computed.

    Parameters
    ----------
    features : Features
    views : sequence of str
        Views from `features.views`.
    """
    numbers = [features.views.index(view) for view in views]
    params = features.description["params"] | {"views": list(views)}
    shapes = {view: features.description["shapes"][view] for view in views}
    if EMBEDDING in views:
        model = {"pretrained": features.description["pretrained"]}
    else:
        # Neither spectrograms nor stored networks depend on these params.
        model, params = {}, params | {"pretrained": NO_MODEL, "speeds": [1.0]}
    places = {
        clip_id: place._replace(shards=tuple(place.shards[number] for number in numbers))
        for clip_id, place in features.places.items()
    }
    return features._replace(description={"params": params, "shapes": shapes, **model}, places=places)
