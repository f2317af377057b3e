// What `ternlight train` is told: its options read and checked, and its text as tokens.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "gguf/header.h"
#include "tools/args.h"
#include "train/trainer.h"

namespace ternlight {

struct TrainSettings {
  train::TrainOptions options;
  std::string name;
  std::string license;
  std::optional<std::string> checkpoint, curve, out;
  uint32_t checkpoint_every = 0, validate_every = 0, validate_pieces = 0;  // steps, steps, pieces
  uint32_t stop_at = 0;             // steps after which to end; options.schedule.steps when not given
  uint32_t threads = 1;
  train::GemmKind products = train::kPortableGemm;
  std::optional<double> expected_loss;

  gguf::Metadata tokenizer;
  std::vector<uint16_t> text, validation;  // tokens
  int32_t bos = -1;                        // what the tokenizer begins texts with; train::kNoTarget if nothing
  std::vector<uint32_t> token_bytes;       // bytes of text that each token stands for
};

std::vector<std::string> train_flags();
std::vector<std::string> train_option_names();

// Reads everything there is to read; invalid_argument names what does not fit.
Result<TrainSettings> read_train_settings(const Args& args);

}  // namespace ternlight
