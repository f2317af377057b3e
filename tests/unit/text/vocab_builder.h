// Small vocabularies for tokenizer tests, as metadata.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gguf/header.h"
#include "text/byte_alphabet.h"
#include "text/utf8.h"

namespace ternlight {

// Bytes in the spelling of byte-level vocabularies.
inline std::string spell(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) append_utf8(out, kByteAlphabet.letter[static_cast<uint8_t>(c)]);
  return out;
}

struct VocabBuilder {
  std::vector<std::string> tokens;
  std::vector<int64_t> types;
  std::vector<double> scores;
  std::vector<std::string> merges;
  gguf::Metadata metadata;

  int32_t add(std::string piece, int64_t type = 1, double score = 0) {
    tokens.push_back(std::move(piece));
    types.push_back(type);
    scores.push_back(score);
    return static_cast<int32_t>(tokens.size()) - 1;
  }
  // A merge of two spelled tokens and the token it makes.
  int32_t merge(const std::string& left, const std::string& right) {
    merges.push_back(left + " " + right);
    return add(left + right);
  }

  // Tokens 0..255 are the bytes.
  static VocabBuilder byte_level(const char* pre) {
    VocabBuilder b;
    b.metadata.values["tokenizer.ggml.model"] = std::string("gpt2");
    if (pre != nullptr) b.metadata.values["tokenizer.ggml.pre"] = std::string(pre);
    for (int byte = 0; byte < 256; ++byte) {
      const char c = static_cast<char>(static_cast<uint8_t>(byte));
      b.add(spell(std::string_view(&c, 1)));
    }
    return b;
  }

  // Tokens 0..2 are <unk>, <s>, </s>; 3..258 the bytes.
  static VocabBuilder spm() {
    VocabBuilder b;
    b.metadata.values["tokenizer.ggml.model"] = std::string("llama");
    b.add("<unk>", 2);
    b.add("<s>", 3);
    b.add("</s>", 3);
    for (int byte = 0; byte < 256; ++byte) {
      char text[8];
      snprintf(text, sizeof text, "<0x%02X>", static_cast<unsigned>(byte));
      b.add(text, 6);
    }
    return b;
  }

  static gguf::StringArray strings(const std::vector<std::string>& list) {
    gguf::StringArray array;
    for (const std::string& s : list) {
      array.bytes += s;
      array.ends.push_back(static_cast<uint32_t>(array.bytes.size()));
    }
    return array;
  }

  const gguf::Metadata& build() {
    metadata.values["tokenizer.ggml.tokens"] = strings(tokens);
    metadata.values["tokenizer.ggml.token_type"] = types;
    if (std::get<std::string>(metadata.values["tokenizer.ggml.model"]) == "gpt2") {
      metadata.values["tokenizer.ggml.merges"] = strings(merges);
    } else {
      metadata.values["tokenizer.ggml.scores"] = scores;
    }
    return metadata;
  }
};

}  // namespace ternlight
