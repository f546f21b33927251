"""The autoencoder in Keras: built from a profile, trained with fixed seeds."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from project.profile import Network

if TYPE_CHECKING:
    from tensorflow import keras

_CHUNK: Final = 100  # steps between two reports of progress

Progress = Callable[[int, int, float], None]  # steps done, steps in all, loss


def build(network: Network, features: int) -> "keras.Model":
    """A dense autoencoder [features] -> layers -> [features], initialised from the seed."""
    from tensorflow import keras

    keras.utils.set_random_seed(network.seed)
    widths = [*network.layers, features]
    activations = [*network.activations, network.output_activation]
    inputs = keras.Input((features,), name="features")
    x = inputs
    last = len(widths) - 1
    for index, (width, activation) in enumerate(zip(widths, activations, strict=True)):
        # The bias of a hidden linear layer is the next layer's: it would only cost memory.
        bias = network.output_bias if index == last else activation != "linear"
        x = keras.layers.Dense(width, activation=activation, use_bias=bias)(x)
    return keras.Model(inputs, x)


def train(
    network: Network, inputs: npt.NDArray[np.float32], progress: Progress
) -> tuple["keras.Model", float]:
    """Trains on normal network input [rows, features] to give back what was put in.

    The input is corrupted as the profile says, the target is clean (a denoising autoencoder:
    Vincent et al., ICML 2008). Loss: mean squared error. Returns the model and the last loss.
    """
    import tensorflow as tf
    from tensorflow import keras

    tf.config.experimental.enable_op_determinism()
    features = inputs.shape[1]
    model = build(network, features)
    rate: Any = network.learning_rate
    if network.decay == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(network.learning_rate, network.steps)
    optimizer = keras.optimizers.Adam(rate)
    optimizer.build(model.trainable_variables)

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def run(noisy: Any, clean: Any) -> Any:
        loss = tf.constant(0.0)
        for step in tf.range(tf.shape(clean)[0]):
            with tf.GradientTape() as tape:
                output = model(noisy[step], training=True)
                loss = tf.reduce_mean(tf.square(output - clean[step]))
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply(gradients, model.trainable_variables)
        return loss

    random = np.random.default_rng(network.seed)
    done, loss = 0, 0.0
    while done < network.steps:
        steps = min(_CHUNK, network.steps - done)
        chosen = random.integers(0, len(inputs), (steps, network.batch))
        clean = inputs[chosen].astype(np.float32)
        loss = float(run(_corrupt(clean, network, random), clean))
        done += steps
        progress(done, network.steps, loss)
    return model, loss


def _corrupt(
    clean: npt.NDArray[np.float32], network: Network, random: np.random.Generator
) -> npt.NDArray[np.float32]:
    noisy = clean.copy()
    if network.noise:
        noisy += random.normal(0, network.noise, clean.shape).astype(np.float32)
    if network.replace:
        limit = network.replace_range
        values = random.uniform(-limit, limit, clean.shape).astype(np.float32)
        noisy = np.where(random.random(clean.shape) < network.replace, values, noisy)
    return noisy
