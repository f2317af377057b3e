// Chat: the form of a training document, `<|endoftext|>` and then for each exchange
// `<|user|>\n...\n<|assistant|>\n...<|end|>`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ternlight::stories {

struct Turn {
  std::string user, assistant;
};

inline constexpr std::string_view kEndOfText = "<|endoftext|>", kUser = "<|user|>", kAssistant = "<|assistant|>", kEnd = "<|end|>";

std::string format_chat(const std::vector<Turn>& turns);

}  // namespace ternlight::stories
