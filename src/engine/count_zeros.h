// count_zeros(): how much of each layer's feed-forward block is exactly zero in a model that has just been loaded.
#pragma once

#include "base/status.h"
#include "engine/engine.h"
#include "model/zero_counts.h"

namespace ternlight {

// Runs the first words of a story through the model. Decided by the weights alone and not by the clock, so that what follows
// from it is the same everywhere.
Result<ZeroCounts> count_zeros(Engine& engine, const Model& model);

}  // namespace ternlight
