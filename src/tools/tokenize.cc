// ternlight tokenize: text to token ids, by the tokenizer of a model file (its weights are not read).
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "tools/args.h"
#include "tools/commands.h"
#include "tools/model_file.h"

namespace ternlight {
namespace {

std::string decode_base64(const std::string& text) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const char* alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char* at = strchr(alphabet, c);
    if (at == nullptr || c == 0) break;  // padding ends the text
    bits = bits << 6 | static_cast<uint32_t>(at - alphabet);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 0xFF);
    }
  }
  return out;
}

// A JSON array of strings; {"b64": "..."} stands for bytes that are not UTF-8.
Result<std::vector<std::string>> read_texts(const std::string& path) {
  TERNLIGHT_ASSIGN(const std::string json, read_text_file(path));
  const nlohmann::json list = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  std::vector<std::string> texts;
  for (const nlohmann::json& item : list) {
    if (item.is_string()) {
      texts.push_back(item.get<std::string>());
    } else if (item.is_object() && item.contains("b64") && item["b64"].is_string()) {
      texts.push_back(decode_base64(item["b64"].get<std::string>()));
    } else {
      return error(ErrorCode::invalid_argument, path + ": expected a JSON array of strings or {\"b64\": \"...\"}");
    }
  }
  if (!list.is_array()) return error(ErrorCode::invalid_argument, path + ": expected a JSON array");
  return texts;
}

void write_tokens(JsonWriter& w, const std::vector<Token>& tokens) {
  w.begin_array();
  for (const Token t : tokens) w.value(t);
  w.end_array();
}

Status run(const Args& args, bool json) {
  TERNLIGHT_ASSIGN(const std::string path, args.positional("a model file"));
  TERNLIGHT_ASSIGN(const gguf::Header header, read_header(path));
  TERNLIGHT_ASSIGN(const Tokenizer tokenizer, Tokenizer::create(header.metadata));
  const EncodeOptions options = {.add_bos = !args.flag("no-bos"), .parse_special = !args.flag("no-special")};
  JsonWriter w;
  w.begin_object().field("tokenizer", tokenizer.kind()).field("pre_tokenizer", tokenizer.pre_tokenizer());
  if (const auto file = args.option("texts-file")) {
    TERNLIGHT_ASSIGN(const std::vector<std::string> texts, read_texts(*file));
    w.key("tokens").begin_array();
    for (const std::string& text : texts) write_tokens(w, tokenizer.encode(text, options));
    w.end_array().end_object();
    printf("%s\n", w.text().c_str());
    return ok_status();
  }
  if (args.option("decode")) {
    TERNLIGHT_ASSIGN(const std::vector<Token> tokens, args.list("decode"));
    for (const Token t : tokens) {
      if (static_cast<size_t>(t) >= tokenizer.vocab_size()) {
        return error(ErrorCode::invalid_argument, "option --decode: expected ids below " + std::to_string(tokenizer.vocab_size()) +
                                                      ", found " + std::to_string(t));
      }
    }
    const std::string text = tokenizer.decode(tokens, /*special=*/!args.flag("no-special"));
    w.field("text", text).end_object();
    printf("%s\n", json ? w.text().c_str() : text.c_str());
    return ok_status();
  }
  const std::optional<std::string> text = args.option("text");
  if (!text) return error(ErrorCode::invalid_argument, "expected one of --text, --texts-file and --decode, found none");
  const std::vector<Token> tokens = tokenizer.encode(*text, options);
  w.key("tokens");
  write_tokens(w, tokens);
  w.key("pieces").begin_array();
  for (const Token t : tokens) w.value(tokenizer.piece(t));
  w.end_array().end_object();
  if (json) {
    printf("%s\n", w.text().c_str());
    return ok_status();
  }
  for (const Token t : tokens) printf("%8d  %s\n", t, std::string(tokenizer.piece(t)).c_str());
  return ok_status();
}

}  // namespace

int tokenize_main(int argc, char** argv) {
  const Result<Args> args = Args::parse(argc, argv, {"json", "no-bos", "no-special"}, {"text", "texts-file", "decode"});
  if (!args.ok()) return report(args.status(), false);
  const bool json = args->flag("json");
  const Status status = run(*args, json);
  return status.ok() ? 0 : report(status, json);
}

}  // namespace ternlight
