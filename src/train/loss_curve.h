// The loss curve of a training, for people (SVG) and programs (CSV).
#pragma once

#include <string>

#include "train/trainer.h"

namespace ternlight::train {

// Header and one line for each step: step,tokens,loss,gradient_length,learning_rate,validation_nats,validation_bits_per_byte.
// The last two are empty where nothing was validated.
std::string loss_curve_csv(const TrainState& state);

// The training loss, as the mean of neighbouring steps, and the validation loss, in nats per token over steps.
std::string loss_curve_svg(const TrainState& state);

}  // namespace ternlight::train
