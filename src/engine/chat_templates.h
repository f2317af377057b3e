// Chat templates of models whose files carry none, or a placeholder in its place.
#pragma once

#include <string>

#include "gguf/header.h"

namespace ternlight {

struct ChatTemplate {
  std::string jinja;      // "" when there is none
  bool replaced = false;  // the file has another one, known to be a placeholder
};

// The file's own template unless it is a placeholder; 2B4T's trained one for files of that architecture without any.
ChatTemplate find_chat_template(const gguf::Metadata& metadata, const std::string& architecture);

}  // namespace ternlight
