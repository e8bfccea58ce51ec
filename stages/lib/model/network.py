"""The network of the project: small convolutional networks side by side, for the spectrogram of a clip."""

FILTERS = (16, 32, 64, 128)
# Clips with this many bands and frames are halved by the first layer, which quarters the cost of everything after it.
# Smaller ones keep their detail: on right-whale clips of 64 bands that is worth 0.005 of accuracy (docs/results.md).
LARGE_SIDE = 100
# Keras' own default of 0.99 lags far behind in the few hundred steps that a training takes.
MOMENTUM = 0.9


def build_network(shape: tuple[int, int], networks: int = 1):
    """Build some networks of the same kind side by side, each with fresh random weights of its own.

    They are trained together and see the same batches. The mean of their log-odds depends less on the random weights
    than each of them does (Hansen and Salamon 1990, "Neural network ensembles").

    Parameters
    ----------
    shape : tuple of int
        (bands, frames) of the features.
    networks : int
        At least 1.

    Returns
    -------
    keras.Model
        From float32 arrays of shape (clips, bands, frames), standardised, to log(p_call / (1 - p_call)) by each
        network, of shape (clips, networks).
    """
    import keras
    from keras import layers

    inputs = keras.Input(shape)
    log_odds = [layers.Dense(1)(layers.Dropout(0.3)(embed(inputs))) for _ in range(networks)]
    return keras.Model(inputs, layers.Concatenate()(log_odds))


def embed(inputs):
    """Turn the spectrograms of clips into a tensor of shape (clips, channels), by fresh layers.

    Parameters
    ----------
    inputs : keras tensor of shape (clips, bands, frames)
    """
    from keras import layers

    from stages.lib.model.batch_normalisation import BatchNormalisation

    shape = inputs.shape[1:]
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
    return layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])


def embedding_network(network):
    """Return what lies before the last layers: to an array of shape (clips, channels), similar for similar clips.

    The channels of all networks stand side by side.
    """
    import keras
    from keras import layers

    before = [layer.input for layer in network.layers if isinstance(layer, layers.Dense)]
    return keras.Model(network.input, before[0] if len(before) == 1 else layers.Concatenate()(before))
