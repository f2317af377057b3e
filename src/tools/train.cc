// ternlight train: trains a network on a text and writes it as GGUF.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>

#include "base/clock.h"
#include "base/json.h"
#include "tools/args.h"
#include "tools/commands.h"
#include "tools/model_file.h"
#include "tools/train_settings.h"
#include "train/checkpoint.h"
#include "train/export_gguf.h"
#include "train/loss_curve.h"

namespace ternlight {
namespace {

constexpr uint32_t kProgressEvery = 20;  // steps

using Write = std::function<Status(std::span<const uint8_t>)>;

// The file appears under its name only when all of it has been written: an interruption costs no earlier checkpoint.
Status write_file(const std::string& path, const std::function<Status(const Write&)>& content) {
  const std::string unfinished = path + ".part";
  const auto failed = [&] { return error(ErrorCode::invalid_argument, "cannot write " + path + ": " + strerror(errno)); };
  FILE* file = fopen(unfinished.c_str(), "wb");
  if (file == nullptr) return failed();
  Status status = content([&](std::span<const uint8_t> bytes) {
    return fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size() ? ok_status() : failed();
  });
  if (fclose(file) != 0 && status.ok()) status = failed();
  if (status.ok() && rename(unfinished.c_str(), path.c_str()) != 0) status = failed();
  if (!status.ok()) remove(unfinished.c_str());
  return status;
}

Status write_text(const std::string& path, const std::string& text) {
  return write_file(path, [&](const Write& write) { return write({reinterpret_cast<const uint8_t*>(text.data()), text.size()}); });
}

Status save(const TrainSettings& s, const train::Trainer& trainer) {
  if (!s.checkpoint) return ok_status();
  return write_file(*s.checkpoint, [&](const Write& write) { return write_checkpoint(trainer.state(), write); });
}

Status resume(const TrainSettings& s, train::Trainer& trainer) {
  struct stat info;
  if (!s.checkpoint || stat(s.checkpoint->c_str(), &info) != 0) return ok_status();
  TERNLIGHT_ASSIGN(const std::string bytes, read_text_file(*s.checkpoint));
  TERNLIGHT_ASSIGN(train::TrainState state, train::read_checkpoint({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}));
  return trainer.restore(std::move(state));
}

// Loss, speed and the time that is left, as the mean over the steps since the last line.
class Progress {
 public:
  explicit Progress(const TrainSettings& s) : settings_(s) {}

  void add(const train::Trainer& trainer, const train::StepRecord& record) {
    loss_ += static_cast<double>(record.loss);
    steps_++;
    if (trainer.steps_done() % kProgressEvery != 0 && trainer.steps_done() != settings_.stop_at) return;
    const double seconds = (now_ms() - since_) / 1000 / steps_;
    const uint64_t tokens = uint64_t{settings_.options.sequences} * settings_.options.net.context_length;
    const auto left = static_cast<uint64_t>(seconds * (settings_.stop_at - trainer.steps_done()));
    fprintf(stderr, "step %u/%u  loss %.4f  gradient %.2f  rate %.5f  %.0f tokens/s  %llu:%02llu:%02llu left\n", trainer.steps_done(),
            settings_.options.schedule.steps, loss_ / steps_, static_cast<double>(record.gradient_length),
            static_cast<double>(record.learning_rate), static_cast<double>(tokens) / seconds, static_cast<unsigned long long>(left / 3600),
            static_cast<unsigned long long>(left / 60 % 60), static_cast<unsigned long long>(left % 60));
    begin();
  }
  // What has passed since the last step is no step's time.
  void begin() {
    loss_ = 0;
    steps_ = 0;
    since_ = now_ms();
  }

 private:
  const TrainSettings& settings_;
  double loss_ = 0, since_ = now_ms();
  uint32_t steps_ = 0;
};

Status validate(const TrainSettings& s, train::Trainer& trainer) {
  const train::ValidationRecord v = trainer.validate(s.validation, s.bos, s.token_bytes, s.validate_pieces);
  fprintf(stderr, "step %u  validation %.4f nats per token, %.4f bits per byte\n", v.step, v.nats_per_token, v.bits_per_byte);
  if (!s.curve) return ok_status();
  TERNLIGHT_TRY(write_text(*s.curve + ".csv", train::loss_curve_csv(trainer.state())));
  return write_text(*s.curve + ".svg", train::loss_curve_svg(trainer.state()));
}

// What has nothing left to train is validated on the text that is given now.
Status run_steps(const TrainSettings& s, train::Trainer& trainer) {
  if (trainer.steps_done() == s.options.schedule.steps) return validate(s, trainer);
  Progress progress(s);
  while (trainer.steps_done() < s.stop_at) {
    const Result<train::StepRecord> record = trainer.step(s.text, s.bos);
    if (!record.ok()) return record.status();
    progress.add(trainer, *record);
    const uint32_t done = trainer.steps_done();
    const bool last = done == s.stop_at;
    const bool validates = done % s.validate_every == 0 || done == s.options.schedule.steps;
    const bool saves = s.checkpoint && (done % s.checkpoint_every == 0 || last);
    if (validates) TERNLIGHT_TRY(validate(s, trainer));
    if (saves) TERNLIGHT_TRY(save(s, trainer));
    if (validates || saves) progress.begin();
  }
  return ok_status();
}

void print_result(const TrainSettings& s, const train::Trainer& trainer, double seconds, bool json) {
  const auto& validations = trainer.state().validations;
  if (!json) {
    printf("%u steps, %.3f million parameters, %.1f s, %s matrix products", trainer.steps_done(),
           static_cast<double>(trainer.layout().size) / 1e6, seconds, s.products.name);
    if (!validations.empty()) printf("; validation %.4f nats per token, %.4f bits per byte", validations.back().nats_per_token, validations.back().bits_per_byte);
    printf("\n");
    return;
  }
  JsonWriter w;
  w.begin_object().field("steps", trainer.steps_done()).field("parameters", trainer.layout().size).field("seconds", seconds);
  w.field("gemm", s.products.name).field("threads", s.threads);
  if (!trainer.state().steps.empty()) w.field("loss", trainer.state().steps.back().loss);
  if (!validations.empty()) w.field("validationNats", validations.back().nats_per_token).field("validationBitsPerByte", validations.back().bits_per_byte);
  printf("%s\n", w.end_object().text().c_str());
}

Status run(const Args& args, bool json) {
  TERNLIGHT_ASSIGN(const TrainSettings s, read_train_settings(args));
  const Kernels kernels = make_kernels(best_isa());
  ThreadPool threads(s.threads);
  const train::TrainCompute compute = {kernels, threads, s.products};
  train::Trainer trainer(compute, s.options);
  TERNLIGHT_TRY(resume(s, trainer));
  fprintf(stderr, "%.3f million parameters, %zu tokens to train on, %zu to validate; from step %u\n",
          static_cast<double>(trainer.layout().size) / 1e6, s.text.size(), s.validation.size(), trainer.steps_done());
  const double start = now_ms();
  TERNLIGHT_TRY(run_steps(s, trainer));
  print_result(s, trainer, (now_ms() - start) / 1000, json);
  if (s.out) {
    const train::ExportOptions options = {.name = s.name, .license = s.license, .weights = trainer.weights_now(), .tokenizer = s.tokenizer};
    TERNLIGHT_TRY(write_file(*s.out, [&](const Write& write) {
      return export_gguf(compute, s.options.net, trainer.state().parameters, options, write);
    }));
  }
  const auto& validations = trainer.state().validations;
  if (s.expected_loss && (validations.empty() || !(validations.back().nats_per_token <= *s.expected_loss))) {
    return error(ErrorCode::invalid_argument, "expected a validation loss of at most " + std::to_string(*s.expected_loss) +
                                                  " nats per token, found " +
                                                  (validations.empty() ? "none" : std::to_string(validations.back().nats_per_token)));
  }
  return ok_status();
}

}  // namespace

int train_main(int argc, char** argv) {
  const Result<Args> args = Args::parse(argc, argv, train_flags(), train_option_names());
  if (!args.ok()) return report(args.status(), false);
  const Status status = run(*args, args->flag("json"));
  return status.ok() ? 0 : report(status, args->flag("json"));
}

}  // namespace ternlight
