#include "model/arrange.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/arena.h"
#include "nn/gated.h"
#include "nn/round_up.h"

namespace ternlight {
namespace {

// Live columns, each from a place of its own in memory, come at about a third of the pace of rows in a stream
// (bench: ternary_gemv_columns against ternary_gemv, from memory), so a third may be left.
bool columns_pay(const ZeroCounts::Layer& layer) { return layer.down_zeros * 3 > layer.channels * 2; }

bool can_arrange(const LayerWeights& l) {
  const Tensor& down = l.down.weight;
  // 64 rows make a group; rows of whole blocks take as many bytes by columns as by rows.
  return can_skip_rows(l.gate.weight, l.up.weight) && down.layout == Layout::ternary && down.rows % 64 == 0;
}

}  // namespace

bool can_arrange_for_zeros(const Config& config, const Weights& weights) {
  return config.activation == Activation::relu2 &&
         std::any_of(weights.layers.begin(), weights.layers.end(), can_arrange);
}

Status arrange_for_zeros(const Compute& compute, const ZeroCounts& counts, Weights& weights) {
  std::vector<LayerWeights*> chosen;
  size_t bytes = 0;
  for (size_t i = 0; i < weights.layers.size(); i++) {
    LayerWeights& l = weights.layers[i];
    if (!can_arrange(l) || !columns_pay(counts.layers[i])) continue;
    chosen.push_back(&l);
    bytes = std::max(bytes, l.down.weight.rows * row_bytes(Layout::ternary, l.down.weight.k));
  }
  if (bytes == 0) return ok_status();
  TERNLIGHT_ASSIGN(Arena copy, Arena::create(bytes, "arranging the weights"));
  for (LayerWeights* l : chosen) {
    Tensor& w = l->down.weight;
    const size_t k = round_up(w.k, 128), row = k / 4;
    memcpy(copy.data(), w.data, w.rows * row);
    compute.threads.parallel_for(w.rows, 64, [&](size_t begin, size_t end, size_t) {
      for (size_t r = begin; r < end; r += 64) {
        compute.kernels.ternary_to_columns(copy.data() + r * row, k, w.data + r / 4, column_bytes(w.rows));
      }
    });
    w.layout = Layout::ternary_columns;
  }
  return ok_status();
}

}  // namespace ternlight
