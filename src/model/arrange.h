// arrange_for_zeros(): lays weights out so that what meets zeros need not be read.
#pragma once

#include "base/status.h"
#include "model/config.h"
#include "model/weights.h"
#include "nn/compute.h"

namespace ternlight {

// Where squared ReLU makes most of a feed-forward block's inner channels zero, `down` goes by columns
// (Layout::ternary_columns) from now on, in place; and forward() skips rows of `up`. Other models stay as they are.
Status arrange_for_zeros(const Compute& compute, const Config& config, Weights& weights);

}  // namespace ternlight
