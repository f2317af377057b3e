#include "train/adamw.h"

#include <algorithm>
#include <cmath>

#include "train/sum_products.h"

namespace ternlight::train {
namespace {

constexpr size_t kChunk = 16384;  // numbers that are summed up by themselves

}  // namespace

double gradient_length(const TrainCompute& compute, const std::vector<float>& gradient) {
  const size_t n = gradient.size();
  std::vector<double> sums((n + kChunk - 1) / kChunk);
  compute.threads.parallel_for(sums.size(), 1, [&](size_t begin, size_t end, size_t) {
    for (size_t chunk = begin; chunk < end; chunk++) {
      const float* first = gradient.data() + chunk * kChunk;
      sums[chunk] = sum_products(first, first, std::min(n - chunk * kChunk, kChunk));
    }
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return std::sqrt(total);
}

void adamw_step(const TrainCompute& compute, const ParameterLayout& layout, const AdamOptions& o, uint32_t step,
                const Rates& rates, const std::vector<float>& gradient, double length, Moments& moments,
                std::vector<float>& parameters) {
  const double limit = static_cast<double>(o.clip);
  const auto shorten = static_cast<float>(length > limit ? limit / length : 1.0);
  // Moments start at zero: early means are too small by these factors.
  const float first_factor = 1.0f / (1.0f - std::pow(o.beta1, static_cast<float>(step)));
  const float second_factor = 1.0f / (1.0f - std::pow(o.beta2, static_cast<float>(step)));
  for (const NamedSlice& p : layout.all) {
    const float kept = p.role == ParameterRole::norm ? 1.0f : 1.0f - rates.learning * rates.weight_decay;
    compute.threads.parallel_for(p.slice.size(), kChunk, [&](size_t begin, size_t end, size_t) {
      for (size_t i = p.slice.offset + begin; i < p.slice.offset + end; i++) {
        const float g = gradient[i] * shorten;
        float& first = moments.first[i];
        float& second = moments.second[i];
        first = o.beta1 * first + (1.0f - o.beta1) * g;
        second = o.beta2 * second + (1.0f - o.beta2) * g * g;
        const float change = first * first_factor / (std::sqrt(second * second_factor) + o.epsilon);
        parameters[i] = parameters[i] * kept - rates.learning * change;
      }
    });
  }
}

}  // namespace ternlight::train
