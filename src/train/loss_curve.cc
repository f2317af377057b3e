#include "train/loss_curve.h"

#include <algorithm>
#include <cstdio>

namespace ternlight::train {
namespace {

constexpr double kWidth = 720, kHeight = 360, kLeft = 50, kRight = 10, kTop = 20, kBottom = 40;

template <class... Values>
std::string format(const char* pattern, Values... values) {
  char text[256];
  snprintf(text, sizeof text, pattern, values...);
  return text;
}

struct Point {
  double step, loss;
};

// Means of as many steps as give about 360 points.
std::vector<Point> smoothed(const std::vector<StepRecord>& steps) {
  const size_t together = std::max<size_t>(1, steps.size() / 360);
  std::vector<Point> points;
  for (size_t begin = 0; begin < steps.size(); begin += together) {
    const size_t end = std::min(steps.size(), begin + together);
    double sum = 0;
    for (size_t i = begin; i < end; i++) sum += static_cast<double>(steps[i].loss);
    points.push_back({static_cast<double>(begin + end + 1) / 2, sum / static_cast<double>(end - begin)});
  }
  return points;
}

}  // namespace

std::string loss_curve_csv(const TrainState& state) {
  std::string csv = "step,tokens,loss,gradient_length,learning_rate,validation_nats,validation_bits_per_byte\n";
  const uint64_t tokens = uint64_t{state.options.sequences} * state.options.net.context_length;
  for (size_t i = 0; i < state.steps.size(); i++) {
    const StepRecord& s = state.steps[i];
    csv += format("%zu,%llu,%.6g,%.6g,%.6g,", i + 1, static_cast<unsigned long long>(tokens * (i + 1)), static_cast<double>(s.loss),
                  static_cast<double>(s.gradient_length), static_cast<double>(s.learning_rate));
    const auto v = std::find_if(state.validations.begin(), state.validations.end(), [&](const ValidationRecord& r) { return r.step == i + 1; });
    csv += v == state.validations.end() ? ",\n" : format("%.6g,%.6g\n", v->nats_per_token, v->bits_per_byte);
  }
  return csv;
}

std::string loss_curve_svg(const TrainState& state) {
  const std::vector<Point> training = smoothed(state.steps);
  double top = 0.1;
  for (const Point& p : training) top = std::max(top, p.loss);
  for (const ValidationRecord& v : state.validations) top = std::max(top, v.nats_per_token);
  const double steps = static_cast<double>(std::max<size_t>(1, state.steps.size()));
  const auto x = [&](double step) { return kLeft + step / steps * (kWidth - kLeft - kRight); };
  const auto y = [&](double loss) { return kHeight - kBottom - loss / top * (kHeight - kTop - kBottom); };
  std::string svg = format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" font-family=\"sans-serif\" font-size=\"11\">\n"
                           "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n", kWidth, kHeight);
  for (int i = 0; i <= 5; i++) {
    const double loss = top * i / 5, step = steps * i / 5;
    svg += format("<path d=\"M%g %.1fH%g\" stroke=\"#ddd\"/>", kLeft, y(loss), kWidth - kRight);
    svg += format("<text x=\"%g\" y=\"%.1f\" text-anchor=\"end\">%.2f</text>", kLeft - 6, y(loss) + 4, loss);
    svg += format("<text x=\"%.1f\" y=\"%g\" text-anchor=\"middle\">%.0f</text>\n", x(step), kHeight - kBottom + 16, step);
  }
  svg += format("<text x=\"%g\" y=\"%g\" text-anchor=\"middle\">step</text><text x=\"%g\" y=\"12\">nats per token</text>\n", kWidth / 2,
                kHeight - 6, kLeft);
  svg += "<polyline fill=\"none\" stroke=\"#36c\" points=\"";
  for (const Point& p : training) svg += format("%.1f,%.1f ", x(p.step), y(p.loss));
  svg += "\"><title>training</title></polyline>\n<polyline fill=\"none\" stroke=\"#c63\" stroke-width=\"2\" points=\"";
  for (const ValidationRecord& v : state.validations) svg += format("%.1f,%.1f ", x(v.step), y(v.nats_per_token));
  svg += "\"><title>validation</title></polyline>\n";
  svg += format("<text x=\"%g\" y=\"12\" fill=\"#36c\" text-anchor=\"end\">training</text><text x=\"%g\" y=\"12\" fill=\"#c63\" "
                "text-anchor=\"end\">validation</text>\n</svg>\n", kWidth - 80, kWidth - kRight);
  return svg;
}

}  // namespace ternlight::train
