#include "tools/synthetic_vocab.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/rng.h"
#include "gguf/writer.h"

namespace ternlight {
namespace {

using Id = uint32_t;

// GPT-2's alphabet: printable bytes stand for themselves, the other 68 for U+0100, U+0101, ...
bool is_printable(int byte) {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
}

std::vector<std::string> byte_alphabet() {
  std::vector<std::string> alphabet(256);
  int next = 0x100;
  for (int byte = 0; byte < 256; ++byte) {
    const int code_point = is_printable(byte) ? byte : next++;
    std::string& text = alphabet[static_cast<size_t>(byte)];
    if (code_point < 0x80) {
      text = static_cast<char>(code_point);
    } else {
      text = {static_cast<char>(0xC0 | (code_point >> 6)), static_cast<char>(0x80 | (code_point & 63))};
    }
  }
  return alphabet;
}

// Grows a vocabulary token by token. The invariant that makes every token reachable: a text becomes a token only when
// the merges so far reduce it to exactly two tokens. The merges then added rank below all others, so they change
// nothing for the tokens before.
class Builder {
 public:
  Builder(uint32_t capacity, uint64_t seed) : capacity_(capacity), rng_(seed) {
    // Llama 3 numbers the printable bytes first.
    for (const bool printable : {true, false}) {
      for (int byte = 0; byte < 256; ++byte) {
        if (is_printable(byte) == printable)
          byte_ids_[byte] = add_token(std::string(1, static_cast<char>(byte)));
      }
    }
  }

  bool full() const { return texts_.size() >= capacity_; }

  // Makes the text a token if it can be one.
  void try_add(const std::string& text) {
    if (full() || ids_.contains(text) || encode(text) != 2) return;
    const Id id = add_token(text);
    // every split into two tokens, as Llama 3's list of merges has them, by the ranks of the halves
    std::vector<std::pair<Id, Id>> splits;
    for (size_t cut = 1; cut < text.size(); ++cut) {
      const auto left = ids_.find(text.substr(0, cut)), right = ids_.find(text.substr(cut));
      if (left != ids_.end() && right != ids_.end()) splits.emplace_back(left->second, right->second);
    }
    std::sort(splits.begin(), splits.end());
    for (const auto& [left, right] : splits) {
      pair_merges_.emplace(pair_key(left, right), Merge{static_cast<uint32_t>(merges_.size()), id});
      merges_.emplace_back(left, right);
    }
  }

  void add_words();
  void add_numbers();
  void add_scripts();

  SyntheticVocab finish(uint32_t specials) const;

 private:
  struct Merge {
    uint32_t rank;
    Id result;
  };

  static uint64_t pair_key(Id left, Id right) { return (uint64_t{left} << 32) | right; }

  Id add_token(const std::string& text) {
    const auto id = static_cast<Id>(texts_.size());
    texts_.push_back(text);
    ids_.emplace(text, id);
    return id;
  }

  // Byte-pair encoding: merges the adjacent pair of lowest rank, leftmost on ties, until none is left. The number of
  // tokens that remain.
  size_t encode(std::string_view text) {
    symbols_.clear();
    for (const char c : text) symbols_.push_back(byte_ids_[static_cast<unsigned char>(c)]);
    for (;;) {
      size_t at = 0;
      const Merge* best = nullptr;
      for (size_t i = 0; i + 1 < symbols_.size(); ++i) {
        const auto it = pair_merges_.find(pair_key(symbols_[i], symbols_[i + 1]));
        if (it == pair_merges_.end() || (best != nullptr && it->second.rank >= best->rank)) continue;
        best = &it->second;
        at = i;
      }
      if (best == nullptr) return symbols_.size();
      symbols_[at] = best->result;
      symbols_.erase(symbols_.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    }
  }

  uint32_t capacity_;
  Rng rng_;
  Id byte_ids_[256] = {};
  std::vector<std::string> texts_;
  std::unordered_map<std::string, Id> ids_;
  std::vector<std::pair<Id, Id>> merges_;
  std::unordered_map<uint64_t, Merge> pair_merges_;
  std::vector<Id> symbols_;  // scratch of encode()
};

// Words of lower-case letters about as frequent as in English, with and without a space in front, some capitalised.
void Builder::add_words() {
  constexpr size_t kMaxWordBytes = 14;
  constexpr std::string_view kLetters =
      "eeeeeeeeeeeetttttttttaaaaaaaaooooooooiiiiiiinnnnnnnsssssshhhhhhrrrrrrddddllllcccuuummmwwffggyyppbbvkjx"
      "qz";
  constexpr std::string_view kCapitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::vector<std::string> starts, tails;  // words that can begin one, words that can end one
  const auto letter = [&] {
    return std::string(1, kLetters[rng_.next_below(static_cast<uint32_t>(kLetters.size()))]);
  };
  // the smaller of two draws: early, short words are part of more others
  const auto pick = [&](const std::vector<std::string>& list) {
    const auto n = static_cast<uint32_t>(list.size());
    return list[std::min(rng_.next_below(n), rng_.next_below(n))];
  };
  while (!full()) {
    std::string start;
    const uint32_t kind = rng_.next_below(16);
    if (kind < 3) {
      start = " ";
    } else if (kind == 3) {
      start = kCapitals[rng_.next_below(static_cast<uint32_t>(kCapitals.size()))];
    } else {
      start = kind < 6 || starts.empty() ? letter() : pick(starts);
    }
    const std::string text = start + (rng_.next_below(3) == 0 || tails.empty() ? letter() : pick(tails));
    const size_t before = texts_.size();
    if (text.size() <= kMaxWordBytes) try_add(text);
    if (texts_.size() == before) continue;
    starts.push_back(text);
    if (text[0] >= 'a' && text[0] <= 'z') tails.push_back(text);
  }
}

// Runs of white space, and all numbers of two and three digits: pre-tokenizers cut numbers into threes.
void Builder::add_numbers() {
  for (const char* text : {"  ", "    ", "        ", "\n\n", "\r\n", "...", "--", "(\"", "\")"})
    try_add(text);
  for (int i = 0; i < 100; ++i) try_add({static_cast<char>('0' + i / 10), static_cast<char>('0' + i % 10)});
  for (int i = 0; i < 1000; ++i) {
    try_add({static_cast<char>('0' + i / 100), static_cast<char>('0' + i / 10 % 10),
             static_cast<char>('0' + i % 10)});
  }
}

// Letters of other scripts, in UTF-8: Latin to Cyrillic (two bytes), some Chinese (three bytes, by way of the first two).
void Builder::add_scripts() {
  const auto byte = [](int x) { return static_cast<char>(x); };
  for (int c = 0xC0; c < 0x500; ++c) try_add({byte(0xC0 | (c >> 6)), byte(0x80 | (c & 63))});
  for (int c = 0x4E00; c < 0x5600; ++c) {
    const std::string lead = {byte(0xE0 | (c >> 12)), byte(0x80 | ((c >> 6) & 63))};
    try_add(lead);
    try_add(lead + byte(0x80 | (c & 63)));
  }
}

SyntheticVocab Builder::finish(uint32_t specials) const {
  const std::vector<std::string> alphabet = byte_alphabet();
  const auto spelled = [&](Id id) {
    std::string out;
    for (const char c : texts_[id]) out += alphabet[static_cast<unsigned char>(c)];
    return out;
  };
  SyntheticVocab vocab;
  for (Id id = 0; id < texts_.size(); ++id) gguf::append(vocab.tokens, spelled(id));
  for (const auto& [left, right] : merges_) gguf::append(vocab.merges, spelled(left) + ' ' + spelled(right));
  vocab.types.assign(texts_.size(), 1);

  vocab.bos = static_cast<uint32_t>(texts_.size());
  vocab.eos = vocab.bos + 1;
  vocab.eot = vocab.bos + 9;
  uint32_t reserved = 0;
  for (uint32_t i = 0; i < specials; ++i) {
    std::string text;
    switch (i) {
      case 0: text = "<|begin_of_text|>"; break;
      case 1: text = "<|end_of_text|>"; break;
      case 6: text = "<|start_header_id|>"; break;
      case 7: text = "<|end_header_id|>"; break;
      case 9: text = "<|eot_id|>"; break;
      default: text = "<|reserved_special_token_" + std::to_string(reserved++) + "|>";
    }
    gguf::append(vocab.tokens, text);
    vocab.types.push_back(3);
  }
  return vocab;
}

}  // namespace

SyntheticVocab make_synthetic_vocab(uint32_t size, uint32_t specials, uint64_t seed) {
  Builder builder(size - specials, seed);
  // small vocabularies are better spent on words
  if (size >= 8192) builder.add_numbers();
  if (size >= 65536) builder.add_scripts();
  builder.add_words();
  return builder.finish(specials);
}

}  // namespace ternlight
