// Checkpoints: a training's whole state as bytes. Little-endian: the magic "ternTRN\0", a version, the options in the order
// of option_fields.h, two counts, the records of steps and validations, parameters, both moments, and the FNV-1a hash of
// everything before it, which tells a file that was cut off or damaged.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "base/status.h"
#include "train/trainer.h"

namespace ternlight::train {

// Front to back through `write`, in large pieces.
Status write_checkpoint(const TrainState& state, const std::function<Status(std::span<const uint8_t>)>& write);

// From the whole file's bytes. corrupt_file or unsupported_version say what was found; nothing is sized by a count that
// the bytes do not bear out.
Result<TrainState> read_checkpoint(std::span<const uint8_t> bytes);

}  // namespace ternlight::train
