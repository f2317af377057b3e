// ternlight train-tokenizer: learns a byte-level BPE vocabulary (src/text/bpe_trainer.h) and writes it as a GGUF file
// without tensors: the metadata that a model with this vocabulary has.
#include <cstdio>
#include <string>
#include <vector>

#include "base/json.h"
#include "gguf/writer.h"
#include "text/bpe_trainer.h"
#include "tools/args.h"
#include "tools/commands.h"
#include "tools/model_file.h"
#include "tools/out_file.h"

namespace ternlight {
namespace {

constexpr const char* kPreTokenizer = "llama-bpe";
constexpr const char* kSpecials = "<|endoftext|>,<|user|>,<|assistant|>,<|end|>";
// A conversation of src/stories; <|endoftext|> in front of it is the tokenizer's to add. There are no system messages there.
constexpr const char* kChatTemplate =
    "{% for m in messages %}{% if m['role'] != 'system' %}{{ '<|' + m['role'] + '|>\n' + m['content'] }}"
    "{{ '<|end|>' if m['role'] == 'assistant' else '\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}";

std::vector<std::string> split_commas(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ',') parts.emplace_back();
    else parts.back() += c;
  }
  return parts;
}

Result<std::string> header(const TrainedVocab& vocab, bool of_stories) {
  gguf::Writer w;
  w.set_string("general.architecture", "bitnet-b1.58");
  w.set_string("tokenizer.ggml.model", "gpt2");
  w.set_string("tokenizer.ggml.pre", kPreTokenizer);
  w.set_strings("tokenizer.ggml.tokens", vocab.tokens);
  w.set_i32s("tokenizer.ggml.token_type", vocab.types);
  w.set_strings("tokenizer.ggml.merges", vocab.merges);
  for (size_t i = 0; i < vocab.tokens.size(); ++i) {
    if (vocab.types[i] != 3) continue;
    if (vocab.tokens[i] == "<|endoftext|>") w.set_u32("tokenizer.ggml.bos_token_id", static_cast<uint32_t>(i));
    if (vocab.tokens[i] == "<|end|>") w.set_u32("tokenizer.ggml.eos_token_id", static_cast<uint32_t>(i));
  }
  w.set_bool("tokenizer.ggml.add_bos_token", of_stories);
  if (of_stories) w.set_string("tokenizer.chat_template", kChatTemplate);
  return w.header();
}

Status run(const Args& args, bool json) {
  TERNLIGHT_ASSIGN(const uint32_t size, args.count("vocab", 4096, 256, 1 << 20));
  std::vector<std::string> inputs = args.all("in");  // --in A B C, or --in A --in B
  inputs.insert(inputs.end(), args.positionals().begin(), args.positionals().end());
  const std::string path = args.option_or("out", "");
  if (inputs.empty() || path.empty()) return error(ErrorCode::invalid_argument, "expected --in FILE and --out FILE");
  const PreTokenizer* pre = find_pre_tokenizer(kPreTokenizer);
  if (pre == nullptr) return error(ErrorCode::internal, "no such pre-tokenizer");

  const std::string specials = args.option_or("special", kSpecials);
  BpeTrainer trainer(*pre, split_commas(specials));
  for (const std::string& input : inputs) {
    TERNLIGHT_ASSIGN(const std::string text, read_text_file(input));
    trainer.add(text);
  }
  TERNLIGHT_ASSIGN(const TrainedVocab vocab, trainer.train(size));
  TERNLIGHT_ASSIGN(const std::string bytes, header(vocab, specials == kSpecials));
  OutFile out(path);
  TERNLIGHT_TRY(out.write(bytes.data(), bytes.size()));
  TERNLIGHT_TRY(out.close());

  if (json) {
    JsonWriter w;
    w.begin_object().field("file", path).field("tokens", vocab.tokens.size()).field("merges", vocab.merges.size());
    printf("%s\n", w.end_object().text().c_str());
  } else {
    printf("%s: %zu tokens, %zu merges\n", path.c_str(), vocab.tokens.size(), vocab.merges.size());
  }
  if (vocab.tokens.size() < size) fprintf(stderr, "ternlight: the text is too small for %u tokens\n", size);
  return ok_status();
}

}  // namespace

int train_tokenizer_main(int argc, char** argv) {
  const Result<Args> args = Args::parse(argc, argv, {"json"}, {"vocab", "in", "out", "special"});
  if (!args.ok()) return report(args.status(), false);
  const bool json = args->flag("json");
  const Status status = run(*args, json);
  return status.ok() ? 0 : report(status, json);
}

}  // namespace ternlight
