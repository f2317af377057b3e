#include "model/i2_s_evidence.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "tensor/pack/bits.h"

namespace ternlight {
namespace {

constexpr I2sPacking kOrder[] = {I2sPacking::blocks_128, I2sPacking::blocks_64, I2sPacking::four_rows};
constexpr size_t kBlocks128 = 0, kBlocks64 = 1, kFourRows = 2;
// Chance alone exceeds this once in 10^15 files.
constexpr double kClear = 8.0;
// A quarter of all weights is in the same column under 128x32 and 64x16, so the wrong one gets up to that much as well.
constexpr double kOther = 0.5;
// Rows of `down` that are counted: enough to know a column's share of zeros to 2 %.
constexpr size_t kSampledRows = 512;

// Eight bytes of codes: the lowest bit of each field whose code is not 1, which is zero.
uint64_t non_zero(uint64_t codes) {
  const uint64_t differs = codes ^ 0x5555555555555555u;
  return (differs | (differs >> 1)) & 0x5555555555555555u;
}

double correlation(const std::vector<uint32_t>& a, const std::vector<uint32_t>& b) {
  const auto n = static_cast<double>(a.size());
  double sum_a = 0, sum_b = 0, aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double x = a[i], y = b[i];
    sum_a += x, sum_b += y, aa += x * x, bb += y * y, ab += x * y;
  }
  const double variance = (aa - sum_a * sum_a / n) * (bb - sum_b * sum_b / n);
  return variance > 0 ? (ab - sum_a * sum_b / n) / std::sqrt(variance) : 0;
}

}  // namespace

void I2sEvidence::add(const Weights& weights, const Tensor& tensor) {
  for (size_t i = 0; i < std::min(kMaxLayers, weights.layers.size()); ++i) {
    const LayerWeights& l = weights.layers[i];
    Layer& layer = layers_[i];
    if (&tensor == &l.gate.weight || &tensor == &l.up.weight) {
      count_rows(tensor, layer);
    } else if (&tensor == &l.down.weight) {
      count_columns(tensor, layer);
    } else {
      continue;
    }
    if (++layer.tensors == 3) correlate(layer);
  }
}

// Of gate and up together. A row is whole in its k / 4 bytes, or a field of each of the k bytes of four rows.
void I2sEvidence::count_rows(const Tensor& tensor, Layer& layer) {
  const size_t bytes = tensor.k / 4;
  for (Counts& counts : layer.rows) counts.resize(tensor.rows);
  for (size_t r = 0; r < tensor.rows; ++r) {
    const uint8_t* row = tensor.data + r * bytes;
    uint32_t by_field[4] = {};
    for (size_t i = 0; i < bytes; i += 8) {
      const uint64_t bits = non_zero(pack::load_u64(row + i));
      for (int n = 0; n < 4; ++n) by_field[n] += static_cast<uint32_t>(std::popcount(bits & (uint64_t{0x0101010101010101u} << (6 - 2 * n))));
    }
    const uint32_t all = by_field[0] + by_field[1] + by_field[2] + by_field[3];
    layer.rows[kBlocks128][r] += all;
    layer.rows[kBlocks64][r] += all;
    for (size_t n = 0; n < 4 && tensor.rows % 4 == 0; ++n) layer.rows[kFourRows][r / 4 * 4 + n] += by_field[n];
  }
}

void I2sEvidence::count_columns(const Tensor& tensor, Layer& layer) {
  const size_t k = tensor.k, bytes = k / 4;
  // Of four rows, which are k bytes: how often field n of a byte there is not zero.
  Counts fields[4];
  for (Counts& counts : fields) counts.resize(k);
  const size_t groups = tensor.rows / 4, step = std::max<size_t>(1, tensor.rows / kSampledRows);
  for (size_t g = 0; g < groups; g += step) {
    const uint8_t* group = tensor.data + g * k;
    for (size_t n = 0; n < 4; ++n) {
      uint32_t* counts = fields[n].data();
      for (size_t at = 0; at < k; ++at) {
        const uint32_t differs = (uint32_t{group[at]} >> (6 - 2 * n)) ^ 1;
        counts[at] += (differs | (differs >> 1)) & 1;
      }
    }
  }
  for (Counts& counts : layer.columns) counts.resize(k);
  for (size_t at = 0; at < k; ++at) {
    const size_t i = at % bytes;
    for (size_t n = 0; n < 4; ++n) {
      layer.columns[kBlocks128][i / 32 * 128 + 32 * n + i % 32] += fields[n][at];
      layer.columns[kBlocks64][i / 16 * 64 + 16 * n + i % 16] += fields[n][at];
      if (tensor.rows % 4 == 0) layer.columns[kFourRows][at] += fields[n][at];
    }
  }
}

void I2sEvidence::correlate(const Layer& layer) {
  const size_t channels = layer.columns[0].size();
  if (layer.rows[0].size() != channels) return;
  for (size_t p = 0; p < kPackings; ++p) {
    sum_[p] += correlation(layer.rows[p], layer.columns[p]) * std::sqrt(static_cast<double>(channels));
  }
  compared_++;
}

double I2sEvidence::strength(I2sPacking packing) const {
  const auto* at = std::find(std::begin(kOrder), std::end(kOrder), packing);
  return compared_ == 0 || at == std::end(kOrder) ? 0 : sum_[at - kOrder] / std::sqrt(static_cast<double>(compared_));
}

Result<I2sPacking> I2sEvidence::verdict() const {
  I2sPacking best = I2sPacking::blocks_128;
  for (const I2sPacking packing : kOrder) {
    if (strength(packing) > strength(best)) best = packing;
  }
  if (best == I2sPacking::blocks_128 || strength(best) < kClear) return I2sPacking::blocks_128;
  std::string found;
  bool clear = true;
  for (const I2sPacking packing : kOrder) {
    found.append(found.empty() ? "" : ", ").append(name(packing)).append(" ").append(std::to_string(std::lround(strength(packing))));
    if (packing != best && strength(packing) > kOther * strength(best)) clear = false;
  }
  if (clear) return best;
  return error(ErrorCode::ambiguous_layout, "the packing of the I2_S tensors: expected weights that speak for one, found " + found +
                                                " (standard deviations from chance). Tensors of one file that are packed in different ways, "
                                                "or damaged ones, give this; the option i2sLayout reads them in a packing of your choice");
}

}  // namespace ternlight
