// ternlight inspect: what a GGUF file says about itself. Weights are not read.
#include <cstdio>

#include "engine/inspect.h"
#include "model/arch.h"
#include "tools/args.h"
#include "tools/commands.h"
#include "tools/model_file.h"

namespace ternlight {
namespace {

void print_text(const gguf::Header& header) {
  printf("GGUF v%u, %zu keys, %zu tensors, %.1f MB\n\n", header.version, header.metadata.values.size(), header.tensors.size(),
         static_cast<double>(header.file_bytes) / 1e6);
  for (const char* key : {"general.architecture", "general.name", "tokenizer.ggml.model", "tokenizer.ggml.pre"}) {
    const std::string* value = header.metadata.find_as<std::string>(key);
    printf("%-24s %s\n", key, value == nullptr ? "-" : value->c_str());
  }
  const Result<Config> config = read_config(header);
  if (config.ok()) {
    printf("%-24s %u layers, dim %u, ffn %u, heads %u/%u x %u, context %u\n", "shape", config->layers, config->dim, config->ffn_dim,
           config->heads, config->kv_heads, config->head_dim, config->context_length);
  } else {
    printf("%-24s %s\n", "cannot run", config.status().message.c_str());
  }
  printf("\n%-28s %-9s %-20s %14s %8s\n", "tensor", "type", "shape", "bytes", "bits/w");
  for (const gguf::TensorInfo& t : header.tensors) {
    std::string shape;
    for (const uint64_t d : t.dims) shape += (shape.empty() ? "" : " x ") + std::to_string(d);
    const auto weights = static_cast<double>(t.k() * t.rows());
    printf("%-28s %-9s %-20s %14llu %8.3f\n", t.name.c_str(), gguf::type_name(t).c_str(), shape.c_str(),
           static_cast<unsigned long long>(t.bytes), weights == 0 ? 0.0 : 8.0 * static_cast<double>(t.bytes) / weights);
  }
}

Status run(const Args& args, bool json) {
  TERNLIGHT_ASSIGN(const std::string path, args.positional("a model file"));
  TERNLIGHT_ASSIGN(const gguf::Header header, read_header(path));
  if (json) {
    printf("%s\n", header_json(header).c_str());
  } else {
    print_text(header);
  }
  return ok_status();
}

}  // namespace

int inspect_main(int argc, char** argv) {
  const Result<Args> args = Args::parse(argc, argv, {"json"}, {});
  if (!args.ok()) return report(args.status(), false);
  const bool json = args->flag("json");
  const Status status = run(*args, json);
  return status.ok() ? 0 : report(status, json);
}

}  // namespace ternlight
