// Generator: documents for training and testing a storyteller. Document i of a seed is the same on every machine, however
// many are asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stories/book.h"
#include "stories/chat.h"
#include "stories/held_out.h"
#include "stories/story.h"

namespace ternlight::stories {

// No document is longer: about 330 tokens of a vocabulary of 4096 that was trained on such text. The median is 710 bytes.
inline constexpr size_t kMaxDocumentBytes = 1400;

struct Document {
  std::vector<Turn> turns;
  std::optional<Story> story;  // what the turns are about, unless it is only talk

  std::string text() const { return format_chat(turns); }
};

// `recall` are short exchanges in which what was just said is said again: a network that has learned to look back on them
// finds the use of it in stories much sooner (demo/model/README.md). `questions` are stories with many questions about them,
// and talk of many turns: a third of all documents has a question or two, too few to learn how to find the answers.
enum class Content { all, recall, questions };

class Generator {
 public:
  Generator(uint64_t seed, Split split, Content content = Content::all);

  Document document(uint64_t index) const;
  const Book& book() const { return book_; }

 private:
  Book book_;
  uint64_t seed_;
  Split split_;
  Content content_;
};

}  // namespace ternlight::stories
