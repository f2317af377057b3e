#include "text/bpe.h"

#include <bit>
#include <queue>

#include "text/utf8.h"

namespace ternlight {
namespace {

constexpr uint32_t kNoRank = 0xFFFFFFFF;
constexpr size_t kMaxMerges = size_t{1} << 25;  // largest published: 514,906 (Gemma 3's tokenizer.json)

// GPT-2's alphabet: printable bytes stand for themselves, the other 68 in increasing order for U+0100 and up.
bool is_printable(uint32_t byte) { return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174; }

struct ByteAlphabet {
  uint32_t to_char[256];
  uint8_t to_byte[0x144];

  constexpr ByteAlphabet() : to_char(), to_byte() {
    uint32_t next = 0x100;
    for (uint32_t b = 0; b < 256; b++) {
      const bool printable = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
      to_char[b] = printable ? b : next++;
      to_byte[to_char[b]] = static_cast<uint8_t>(b);
    }
  }
};
constexpr ByteAlphabet kAlphabet;

size_t hash(uint64_t pair) {
  pair *= 0x9E3779B97F4A7C15u;
  return static_cast<size_t>(pair >> 32);
}

uint64_t key(Token left, Token right) { return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right); }

std::string to_alphabet(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) append_utf8(out, kAlphabet.to_char[static_cast<uint8_t>(c)]);
  return out;
}

}  // namespace

Result<Bpe> Bpe::create(const gguf::Metadata& metadata, const Vocab& vocab, const PreTokenizer& pre) {
  const auto* merges = metadata.find_as<gguf::StringArray>("tokenizer.ggml.merges");
  if (merges == nullptr) {
    return error(ErrorCode::missing_metadata, "metadata key tokenizer.ggml.merges: expected an array of strings, found none");
  }
  if (merges->size() > kMaxMerges) {
    return error(ErrorCode::bad_metadata, "metadata key tokenizer.ggml.merges: expected at most " + std::to_string(kMaxMerges) +
                                              " merges, found " + std::to_string(merges->size()));
  }
  Bpe bpe;
  bpe.pre_ = &pre;
  for (size_t b = 0; b < 256; b++) {
    const char byte = static_cast<char>(b);
    bpe.byte_tokens_[b] = vocab.find(to_alphabet({&byte, 1}));
  }
  bpe.merges_.assign(std::bit_ceil(2 * merges->size() + 1), {0, kNoRank, -1});
  const size_t mask = bpe.merges_.size() - 1;
  std::string joined;
  for (size_t i = 0; i < merges->size(); i++) {
    const std::string_view merge = (*merges)[i];
    const size_t space = merge.find(' ', 1);
    if (space == std::string_view::npos) {
      return error(ErrorCode::bad_metadata, "metadata key tokenizer.ggml.merges: expected two parts with a space between, found \"" +
                                                std::string(merge) + "\" at position " + std::to_string(i));
    }
    joined.assign(merge.substr(0, space)).append(merge.substr(space + 1));
    const Token left = vocab.find(merge.substr(0, space)), right = vocab.find(merge.substr(space + 1)), result = vocab.find(joined);
    if (left < 0 || right < 0 || result < 0) continue;
    size_t slot = hash(key(left, right)) & mask;
    while (bpe.merges_[slot].rank != kNoRank && bpe.merges_[slot].pair != key(left, right)) slot = (slot + 1) & mask;
    if (bpe.merges_[slot].rank == kNoRank) bpe.merges_[slot] = {key(left, right), static_cast<uint32_t>(i), result};
  }
  return bpe;
}

const Bpe::Merge* Bpe::find(Token left, Token right) const {
  const size_t mask = merges_.size() - 1;
  for (size_t slot = hash(key(left, right)) & mask; merges_[slot].rank != kNoRank; slot = (slot + 1) & mask) {
    if (merges_[slot].pair == key(left, right)) return &merges_[slot];
  }
  return nullptr;
}

// The lowest-ranked adjacent pair first, the leftmost of equals; a queue instead of scans, so that a word of n bytes
// takes n log n steps. Entries go stale when a neighbour is merged away and are recognised by the pair they were made for.
void Bpe::merge_word(std::vector<Token>& symbols, std::vector<Token>& out) const {
  struct Entry {
    uint32_t rank, left, right;
    uint64_t pair;
    Token result;
    bool operator<(const Entry& o) const { return rank != o.rank ? rank > o.rank : left > o.left; }
  };
  const auto n = static_cast<uint32_t>(symbols.size());
  std::vector<uint32_t> next(n), previous(n);
  for (uint32_t i = 0; i < n; i++) {
    next[i] = i + 1;
    previous[i] = i - 1;  // wraps to "none" for the first
  }
  std::priority_queue<Entry> queue;
  const auto offer = [&](uint32_t left, uint32_t right) {
    if (left >= n || right >= n) return;
    if (const Merge* m = find(symbols[left], symbols[right])) queue.push({m->rank, left, right, m->pair, m->result});
  };
  for (uint32_t i = 0; i + 1 < n; i++) offer(i, i + 1);
  while (!queue.empty()) {
    const Entry e = queue.top();
    queue.pop();
    if (symbols[e.left] < 0 || symbols[e.right] < 0 || next[e.left] != e.right || key(symbols[e.left], symbols[e.right]) != e.pair) continue;
    symbols[e.left] = e.result;
    symbols[e.right] = -1;
    next[e.left] = next[e.right];
    if (next[e.left] < n) previous[next[e.left]] = e.left;
    offer(previous[e.left], e.left);
    offer(e.left, next[e.left]);
  }
  for (uint32_t i = 0; i < n; i = next[i]) out.push_back(symbols[i]);
}

void Bpe::encode(const Vocab& vocab, std::string_view text, std::vector<Token>& out) const {
  std::vector<Token> symbols;
  for (const std::string_view word : pre_->split(text)) {
    if (pre_->ignore_merges) {
      if (const Token whole = vocab.find(to_alphabet(word)); whole >= 0) {
        out.push_back(whole);
        continue;
      }
    }
    symbols.clear();
    for (const char c : word) {
      if (const Token token = byte_tokens_[static_cast<uint8_t>(c)]; token >= 0) symbols.push_back(token);
    }
    merge_word(symbols, out);
  }
}

std::string Bpe::decode(std::string_view piece) {
  std::string out;
  while (!piece.empty()) {
    const CodePoint c = decode_utf8(piece);
    const bool known = c.valid && c.value < sizeof(kAlphabet.to_byte) && (c.value >= 0x100 || is_printable(c.value));
    // Text outside the alphabet stands for itself: some files write such tokens literally.
    if (known) {
      out += static_cast<char>(kAlphabet.to_byte[c.value]);
    } else {
      out += piece.substr(0, c.bytes);
    }
    piece.remove_prefix(c.bytes);
  }
  return out;
}

}  // namespace ternlight
