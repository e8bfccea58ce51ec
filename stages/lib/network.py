"""The one network of the project: a small convolutional network for the spectrogram of a clip."""

FILTERS = (16, 32, 64, 128)
# Clips with this many bands and frames are halved by the first layer, which quarters the cost of everything after it.
# Smaller ones keep their detail: on right-whale clips of 64 bands that is worth 0.005 of accuracy (docs/results.md).
LARGE_SIDE = 100
# Keras' own default of 0.99 lags far behind in the few hundred steps that a training takes.
MOMENTUM = 0.9


def build_network(shape: tuple[int, int]):
    """Build the network with fresh random weights.

    Parameters
    ----------
    shape : tuple of int
        (bands, frames) of the features.

    Returns
    -------
    keras.Model
        From float32 arrays of shape (clips, bands, frames), standardised, to log(p_call / (1 - p_call)) of shape
        (clips, 1).
    """
    import keras
    from keras import layers

    from stages.lib.batch_normalisation import BatchNormalisation

    inputs = keras.Input(shape)
    x = layers.Reshape((*shape, 1))(inputs)
    # A call may stand anywhere in its clip: while training, the clip is turned in time, its end joined to its start.
    x = layers.RandomTranslation(0.0, 0.5, fill_mode="wrap", interpolation="nearest")(x)
    for depth, filters in enumerate(FILTERS):
        if depth > 0:
            x = layers.MaxPooling2D()(x)
        strides = 2 if depth == 0 and min(shape) >= LARGE_SIDE else 1
        x = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
        x = BatchNormalisation(momentum=MOMENTUM)(x)
        x = layers.ReLU()(x)
    # A residual block (He et al. 2016) where the maps are smallest, so that the look at a wider context costs little.
    y = layers.SeparableConv2D(FILTERS[-1], 3, padding="same", use_bias=False)(x)
    y = BatchNormalisation(momentum=MOMENTUM)(y)
    x = layers.ReLU()(layers.Add()([x, y]))
    # The mean over the clip says what it sounds like, the maximum whether something short is in it.
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])
    x = layers.Dropout(0.3)(x)
    return keras.Model(inputs, layers.Dense(1)(x))


def embedding_network(network):
    """Return the network without its last layer: to an array of shape (clips, channels), alike for clips alike."""
    import keras

    return keras.Model(network.input, network.layers[-1].input)
