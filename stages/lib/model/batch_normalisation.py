"""Batch normalisation that has the same bits on processors of every maker."""

import keras
from keras import ops


class BatchNormalisation(keras.layers.BatchNormalization):
    """Keras' layer, without the reciprocal square root.

    TensorFlow takes that with an instruction that makers of processors approximate differently. A square root and a
    division are rounded in one way only (IEEE 754).

    References
    ----------
    Ioffe and Szegedy (2015), "Batch normalization", algorithms 1 and 2.
    """

    def call(self, inputs, training=None):
        """Normalise by the statistics of the batch while training, by the running ones otherwise."""
        if training:
            mean, variance = ops.moments(inputs, self._reduction_axes)
            for running, present in ((self.moving_mean, mean), (self.moving_variance, variance)):
                running.assign(running * self.momentum + present * (1.0 - self.momentum))
        else:
            mean, variance = self.moving_mean, self.moving_variance
        scale = self.gamma / ops.sqrt(variance + self.epsilon)
        return inputs * scale + (self.beta - mean * scale)
