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

// Loads `path` through the same streaming loader as the browser. Options: --threads, --isa, --head, --context, --kv.
Result<OpenModel> open_model(const std::string& path, const Args& args);
Result<OpenModel> open_model(const std::string& path, const Args& args, size_t threads);

// Only the header; files without tensors are fine.
Result<gguf::Header> read_header(const std::string& path);
Result<std::string> read_text_file(const std::string& path);


}  // namespace ternlight
