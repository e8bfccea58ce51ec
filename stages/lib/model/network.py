"""The network for the spectrogram of a clip: small convolutional networks side by side."""

FILTERS = (16, 32, 64, 128)
# The first layer halves clips with this many bands and frames, so everything after it costs a quarter. Smaller clips
# keep their detail, which helps on right-whale clips of 64 bands (stride 1 in docs/notebook.md).
LARGE_SIDE = 100
# Keras' own default of 0.99 lags far behind in the few hundred steps that a training takes.
MOMENTUM = 0.9


def build_network(shape: tuple[int, int], networks: int = 1):
    """Build several networks of the same kind side by side, each with its own random weights.

    They are trained together on the same batches. The mean of their log-odds depends less on the random weights than
    the log-odds of a single network do (Hansen and Salamon 1990, "Neural network ensembles").

    Parameters
    ----------
    shape : tuple of int
        (bands, frames) of the features.
    networks : int
        At least 1.

    Returns
    -------
    keras.Model
        Takes float32 arrays of shape (clips, bands, frames), standardised; returns log(p_call / (1 - p_call)) of each
        network, shape (clips, networks).
    """
    import keras
    from keras import layers

    inputs = keras.Input(shape)
    log_odds = [layers.Dense(1)(layers.Dropout(0.3)(embed(inputs))) for _ in range(networks)]
    return keras.Model(inputs, layers.Concatenate()(log_odds))


def embed(inputs):
    """Turn the spectrograms of clips into a tensor of shape (clips, channels), with new layers.

    Parameters
    ----------
    inputs : keras tensor of shape (clips, bands, frames)
    """
    from keras import layers

    from stages.lib.model.batch_normalisation import BatchNormalisation

    shape = inputs.shape[1:]
    x = layers.Reshape((*shape, 1))(inputs)
    # A call may be anywhere in its clip. So in training, clips are shifted in time, with the end joined to the start.
    x = layers.RandomTranslation(0.0, 0.5, fill_mode="wrap", interpolation="nearest")(x)
    for depth, filters in enumerate(FILTERS):
        if depth > 0:
            x = layers.MaxPooling2D()(x)
        strides = 2 if depth == 0 and min(shape) >= LARGE_SIDE else 1
        x = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
        x = BatchNormalisation(momentum=MOMENTUM)(x)
        x = layers.ReLU()(x)
    # A residual block (He et al. 2016) sees a wider context. The maps are smallest here, so it costs little.
    y = layers.SeparableConv2D(FILTERS[-1], 3, padding="same", use_bias=False)(x)
    y = BatchNormalisation(momentum=MOMENTUM)(y)
    x = layers.ReLU()(layers.Add()([x, y]))
    # The mean describes the whole clip; the maximum also shows short sounds.
    return layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])


def embedding_network(network):
    """Return the network without its last layers: its outputs, shape (clips, channels), are similar for similar clips.

    The channels of all networks are side by side.
    """
    import keras
    from keras import layers

    before = [layer.input for layer in network.layers if isinstance(layer, layers.Dense)]
    return keras.Model(network.input, before[0] if len(before) == 1 else layers.Concatenate()(before))
