// arrange_for_zeros(): lays weights out so that what meets zeros need not be read.
#pragma once

#include "base/status.h"
#include "model/config.h"
#include "model/weights.h"
#include "model/zero_counts.h"
#include "nn/compute.h"

namespace ternlight {

// Whether there may be anything to arrange: squared ReLU between ternary weights.
bool can_arrange_for_zeros(const Config& config, const Weights& weights);

// In each layer where enough of the feed-forward block was zero when `counts` was taken, `down` goes by columns
// (Layout::ternary_columns) from now on, in place; and forward() skips rows of `up`. Other layers stay as they are.
Status arrange_for_zeros(const Compute& compute, const ZeroCounts& counts, Weights& weights);

}  // namespace ternlight
