"""Batch normalisation that gives the same bits on processors of all manufacturers."""

import keras
from keras import ops


class BatchNormalisation(keras.layers.BatchNormalization):
    """Keras' layer, without the reciprocal square root.

    TensorFlow computes that with an instruction that processor manufacturers approximate differently. Square roots and
    divisions are rounded the same everywhere (IEEE 754).

    References
    ----------
    Ioffe and Szegedy (2015), "Batch normalization", algorithms 1 and 2.
    """

    def call(self, inputs, training=None):
        """Normalise by the statistics of the batch in training, and by the running averages otherwise."""
        if training:
            mean, variance = ops.moments(inputs, self._reduction_axes)
            for running, present in ((self.moving_mean, mean), (self.moving_variance, variance)):
                running.assign(running * self.momentum + present * (1.0 - self.momentum))
        else:
            mean, variance = self.moving_mean, self.moving_variance
        scale = self.gamma / ops.sqrt(variance + self.epsilon)
        return inputs * scale + (self.beta - mean * scale)
