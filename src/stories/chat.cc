#include "stories/chat.h"

namespace ternlight::stories {

std::string format_chat(const std::vector<Turn>& turns) {
  std::string out(kEndOfText);
  for (const Turn& turn : turns) {
    out.append(kUser).append("\n").append(turn.user).append("\n");
    out.append(kAssistant).append("\n").append(turn.assistant).append(kEnd);
  }
  return out;
}

}  // namespace ternlight::stories
