// Reading model files from disk for the command-line tools.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "engine/engine.h"
#include "gguf/header.h"
#include "tools/args.h"

namespace ternlight {

// Names of the options that open_model() reads: add them to a command's own.
std::vector<std::string> with_model_options(std::vector<std::string> own);

struct OpenModel {
  std::unique_ptr<Engine> engine;
  Model model;
  SessionOptions session;  // from --context and --kv
  double load_ms;
};

// Loads `path`, with all other parts if it is the first of a split file, through the same streaming loader as the browser.
// Options: --threads, --isa, --kernel, --head, --context, --kv, --zeros, --i2s-layout.
Result<OpenModel> open_model(const std::string& path, const Args& args);
Result<OpenModel> open_model(const std::string& path, const Args& args, size_t threads);

// Only the header, of all parts if `path` is the first; files without tensors are fine.
Result<gguf::Header> read_header(const std::string& path);
Result<std::string> read_text_file(const std::string& path);


}  // namespace ternlight
