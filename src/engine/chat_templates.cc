#include "engine/chat_templates.h"

namespace ternlight {
namespace {

// BitNet b1.58 2B4T as trained: "User: ...<|eot_id|>Assistant: ", the role capitalised, the content trimmed. The bos token
// is the tokenizer's to add.
constexpr const char* kBitnet2B4T =
    "{% for message in messages %}{{ message['role'] | capitalize + ': ' + message['content'] | trim + '<|eot_id|>' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ 'Assistant: ' }}{% endif %}";

// Microsoft's converter writes one template into every file; only it contains this word.
constexpr const char* kPlaceholderMark = "BITNETAssistant";

}  // namespace

ChatTemplate find_chat_template(const gguf::Metadata& metadata, const std::string& architecture) {
  const std::string* own = metadata.find_as<std::string>("tokenizer.chat_template");
  if (own != nullptr && own->find(kPlaceholderMark) != std::string::npos) return {kBitnet2B4T, true};
  if (own != nullptr && !own->empty()) return {*own, false};
  if (architecture == "bitnet-b1.58" || architecture == "bitnet-25") return {kBitnet2B4T, false};
  return {};
}

}  // namespace ternlight
