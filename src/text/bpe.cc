#include "text/bpe.h"

#include <algorithm>
#include <functional>

#include "text/byte_alphabet.h"
#include "text/utf8.h"

namespace ternlight {
namespace {

constexpr const char* kMerges = "tokenizer.ggml.merges";

uint64_t hash_pair(uint32_t left, uint32_t right) {
  uint64_t h = (uint64_t{left} << 32 | right) * 0x9E3779B97F4A7C15u;
  h ^= h >> 32;
  h *= 0xD6E8FEB86659FD93u;
  return h ^ h >> 32;
}

}  // namespace

uint32_t Bpe::intern(const Vocab& vocab, std::string_view text) {
  if (const auto token = vocab.find(text)) return static_cast<uint32_t>(*token);
  const uint32_t base = static_cast<uint32_t>(vocab.size());
  const uint32_t known = extra_table_.find(extra_, text);
  if (known != StringTable::kNone) return base + known;
  extra_.bytes.append(text);
  extra_.ends.push_back(static_cast<uint32_t>(extra_.bytes.size()));
  const uint32_t id = static_cast<uint32_t>(extra_.size() - 1);
  extra_table_.add(extra_, id);
  return base + id;
}

uint32_t& Bpe::slot(uint32_t left, uint32_t right) {
  size_t i = hash_pair(left, right) & (slots_.size() - 1);
  while (slots_[i] != kNone && (merges_[slots_[i]].left != left || merges_[slots_[i]].right != right)) {
    i = (i + 1) & (slots_.size() - 1);
  }
  return slots_[i];
}

uint32_t Bpe::find_merge(uint32_t left, uint32_t right) const {
  for (size_t i = hash_pair(left, right) & (slots_.size() - 1);; i = (i + 1) & (slots_.size() - 1)) {
    const uint32_t rank = slots_[i];
    if (rank == kNone || (merges_[rank].left == left && merges_[rank].right == right)) return rank;
  }
}

Result<Bpe> Bpe::create(const gguf::Metadata& metadata, const Vocab& vocab, bool ignore_merges) {
  const gguf::Value* value = metadata.find(kMerges);
  if (value == nullptr) {
    return error(ErrorCode::missing_metadata,
                 std::string("metadata key '") + kMerges + "' is missing: a gpt2 tokenizer needs its merges");
  }
  const auto* merges = std::get_if<gguf::StringArray>(value);
  if (merges == nullptr) {
    return error(ErrorCode::bad_metadata,
                 std::string("metadata key '") + kMerges + "': expected an array of strings, found another type");
  }
  // Symbol ids and ranks are 32 bits wide. Each merge can bring three strings that are no tokens, each at most as long as
  // the merge: their offsets are 32 bits wide too.
  if (merges->size() > 0x10000000 || merges->bytes.size() > 0x40000000) {
    return error(ErrorCode::bad_metadata, std::string("metadata key '") + kMerges +
                                              "': expected at most 2^28 merges in 1 GB, found " +
                                              std::to_string(merges->size()) + " in " +
                                              std::to_string(merges->bytes.size()) + " bytes");
  }

  Bpe bpe;
  for (uint32_t byte = 0; byte < 256; ++byte) {
    std::string letter;
    append_utf8(letter, kByteAlphabet.letter[byte]);
    bpe.byte_symbol_[byte] = bpe.intern(vocab, letter);
  }
  if (ignore_merges) {
    for (size_t i = 0; i < vocab.size(); ++i) bpe.longest_piece_ = std::max(bpe.longest_piece_, vocab.pieces[i].size());
  }

  size_t capacity = 16;
  while (capacity < merges->size() + merges->size() / 2) capacity *= 2;
  bpe.slots_.assign(capacity, kNone);
  bpe.merges_.reserve(merges->size());
  std::string joined;
  for (size_t i = 0; i < merges->size(); ++i) {
    const std::string_view text = (*merges)[i];
    const size_t space = text.find(' ', 1);
    if (space == std::string_view::npos || space + 1 == text.size()) {
      return error(ErrorCode::bad_metadata, std::string("metadata key '") + kMerges +
                                                "': expected two strings with a space between, found \"" +
                                                std::string(text.substr(0, 80)) + "\" at index " + std::to_string(i));
    }
    const std::string_view left = text.substr(0, space);
    const std::string_view right = text.substr(space + 1);
    joined.assign(left).append(right);
    const Merge merge = {bpe.intern(vocab, left), bpe.intern(vocab, right), bpe.intern(vocab, joined)};
    const uint32_t rank = static_cast<uint32_t>(bpe.merges_.size());
    bpe.merges_.push_back(merge);
    uint32_t& place = bpe.slot(merge.left, merge.right);
    if (place == kNone) place = rank;  // of equal merges the first holds
  }
  return bpe;
}

// Queue entries are rank * 2^32 + position: the lowest is the lowest rank, and of equal ranks the leftmost. An entry whose
// symbols have changed since is recognised when it comes up, because its merge no longer fits them.
void Bpe::push(uint32_t left, Scratch& scratch) const {
  const int32_t right = scratch.symbols[left].next;
  if (right < 0) return;
  const uint32_t rank = find_merge(scratch.symbols[left].id, scratch.symbols[static_cast<uint32_t>(right)].id);
  if (rank == kNone) return;
  scratch.queue.push_back(uint64_t{rank} << 32 | left);
  std::push_heap(scratch.queue.begin(), scratch.queue.end(), std::greater<>());
}

// The token of a symbol; a string that is no token falls back to the tokens of its bytes, and a byte without a token to
// the unknown token, where the file has one.
void Bpe::emit(const Vocab& vocab, uint32_t symbol, std::vector<Token>& out) const {
  if (symbol < vocab.size()) {
    out.push_back(static_cast<Token>(symbol));
    return;
  }
  std::string_view text = extra_[symbol - vocab.size()];
  while (!text.empty()) {
    const CodePoint letter = decode_utf8(text);
    text.remove_prefix(letter.bytes);
    const int byte = letter.valid ? kByteAlphabet.to_byte(letter.value) : -1;
    const uint32_t id = byte < 0 ? kNone : byte_symbol_[byte];
    if (id < vocab.size()) {
      out.push_back(static_cast<Token>(id));
    } else if (vocab.unknown) {
      out.push_back(*vocab.unknown);
    }
  }
}

void Bpe::encode(const Vocab& vocab, std::string_view piece, std::vector<Token>& out, Scratch& scratch) const {
  // A byte takes one or two bytes when it is spelled.
  if (piece.size() <= longest_piece_) {
    scratch.spelled.clear();
    for (const char c : piece) append_utf8(scratch.spelled, kByteAlphabet.letter[static_cast<uint8_t>(c)]);
    if (const auto token = vocab.find(scratch.spelled)) {
      out.push_back(*token);
      return;
    }
  }

  auto& symbols = scratch.symbols;
  auto& queue = scratch.queue;
  symbols.clear();
  queue.clear();
  const int32_t n = static_cast<int32_t>(piece.size());
  for (int32_t i = 0; i < n; ++i) {
    symbols.push_back({byte_symbol_[static_cast<uint8_t>(piece[static_cast<size_t>(i)])], i - 1, i + 1 < n ? i + 1 : -1});
  }
  for (uint32_t i = 0; i + 1 < symbols.size(); ++i) push(i, scratch);

  while (!queue.empty()) {
    std::pop_heap(queue.begin(), queue.end(), std::greater<>());
    const uint32_t position = static_cast<uint32_t>(queue.back());
    const Merge& merge = merges_[queue.back() >> 32];
    queue.pop_back();
    Scratch::Symbol& left = symbols[position];
    if (left.id != merge.left || left.next < 0) continue;
    Scratch::Symbol& right = symbols[static_cast<size_t>(left.next)];
    if (right.id != merge.right) continue;
    left.id = merge.joined;
    left.next = right.next;
    right.id = kNone;  // no merge fits it any more
    if (left.next >= 0) symbols[static_cast<size_t>(left.next)].previous = static_cast<int32_t>(position);
    if (left.previous >= 0) push(static_cast<uint32_t>(left.previous), scratch);
    push(position, scratch);
  }

  for (int32_t i = n > 0 ? 0 : -1; i >= 0; i = symbols[static_cast<size_t>(i)].next) {
    emit(vocab, symbols[static_cast<size_t>(i)].id, out);
  }
}

}  // namespace ternlight
