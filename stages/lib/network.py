"""The one network of the project: a small convolutional network for the spectrogram of a clip."""

FILTERS = (16, 32, 64, 128)


def build_network(shape: tuple[int, int]):
    """Build the network with fresh random weights.

    Parameters
    ----------
    shape : tuple of int
        (bands, frames) of the features.

    Returns
    -------
    keras.Model
        From float32 arrays of shape (clips, bands, frames), standardised, to `p_call` of shape (clips, 1) in [0, 1].
    """
    import keras
    from keras import layers

    inputs = keras.Input(shape)
    x = layers.Reshape((*shape, 1))(inputs)
    for block, filters in enumerate(FILTERS):
        x = layers.Conv2D(filters, 3, strides=2 if block == 0 else 1, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.ReLU()(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.3)(x)
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))
