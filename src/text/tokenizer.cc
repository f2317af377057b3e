#include "text/tokenizer.h"

#include <algorithm>
#include <utility>

#include "text/bpe.h"
#include "text/byte_alphabet.h"
#include "text/pre_tokenizer.h"
#include "text/special_splitter.h"
#include "text/spm.h"
#include "text/utf8.h"
#include "text/vocab.h"

namespace ternlight {
namespace {

constexpr std::string_view kSpmSpace = "\xE2\x96\x81";  // U+2581

// The ids SentencePiece gives by default; llama.cpp takes them where the file names none.
constexpr SpecialIds kSpmIds = {.bos = 1, .eos = 2, .unknown = 0};

// Texts are taken in stretches of at most this many bytes, since positions are 32 bits wide.
constexpr size_t kStretchBytes = size_t{1} << 28;

bool is_2b4t(const gguf::Metadata& metadata) {
  if (const auto* architecture = metadata.find_as<std::string>("general.architecture")) {
    if (*architecture == "bitnet-25" || *architecture == "bitnet-b1.58") return true;
  }
  const auto* tokens = metadata.find_as<gguf::StringArray>("tokenizer.ggml.tokens");
  const auto* merges = metadata.find_as<gguf::StringArray>("tokenizer.ggml.merges");
  return tokens != nullptr && merges != nullptr && tokens->size() == 128256 && merges->size() == 280147;
}

Result<const PreTokenizer*> choose_pre_tokenizer(const gguf::Metadata& metadata) {
  TERNLIGHT_ASSIGN(const std::optional<std::string> named, metadata.string("tokenizer.ggml.pre"));
  // Microsoft's BitNet b1.58 2B4T files do not name theirs. For the rest, "default" is what llama.cpp falls back to.
  const std::string name = named ? *named : is_2b4t(metadata) ? "llama-bpe" : "default";
  if (const PreTokenizer* pre = find_pre_tokenizer(name)) return pre;
  std::string known;
  for (const PreTokenizer& pre : pre_tokenizers()) known += (known.empty() ? "" : ", ") + std::string(pre.name);
  return error(ErrorCode::unsupported_tokenizer,
               "metadata key 'tokenizer.ggml.pre': expected one of " + known + ", found '" + name.substr(0, 80) + "'");
}

// Byte-level spelling back to bytes; letters outside the alphabet stand for themselves.
void append_byte_level(std::string& out, std::string_view piece) {
  while (!piece.empty()) {
    const CodePoint letter = decode_utf8(piece);
    const int byte = letter.valid ? kByteAlphabet.to_byte(letter.value) : -1;
    if (byte >= 0) {
      out.push_back(static_cast<char>(static_cast<uint8_t>(byte)));
    } else {
      out.append(piece.substr(0, letter.bytes));
    }
    piece.remove_prefix(letter.bytes);
  }
}

void append_unescaped(std::string& out, std::string_view piece) {
  for (size_t at = 0; at < piece.size();) {
    if (piece.substr(at).starts_with(kSpmSpace)) {
      out.push_back(' ');
      at += kSpmSpace.size();
    } else {
      out.push_back(piece[at++]);
    }
  }
}

// Where to cut a text that is too long to be taken at once: not inside a character.
size_t stretch_end(std::string_view text, size_t begin) {
  size_t end = std::min(text.size(), begin + kStretchBytes);
  while (end < text.size() && end > begin + 1 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) --end;
  return end;
}

}  // namespace

struct Tokenizer::Impl {
  Impl(Vocab v, std::string k) : vocab(std::move(v)), specials(vocab), kind(std::move(k)) {}

  Vocab vocab;
  SpecialSplitter specials;
  std::string kind;
  const PreTokenizer* pre = nullptr;  // "gpt2" only
  std::string pre_name;
  Bpe bpe;
  Spm spm;
  bool adds_bos = false;
  bool space_prefix = false;  // "llama" only

  bool is_bpe() const { return pre != nullptr; }

  struct Scratch {
    CodePoints code_points;
    std::vector<uint32_t> ends, more_ends;
    Bpe::Scratch bpe;
    Spm::Scratch spm;
  };

  // Text without special tokens. SPM puts a space in front of what follows a special token or begins the text.
  void encode_plain(std::string_view text, bool after_special, std::vector<Token>& out, Scratch& scratch) const {
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = stretch_end(text, begin);
      const std::string_view stretch = text.substr(begin, end - begin);
      if (is_bpe()) {
        encode_bpe(stretch, out, scratch);
      } else {
        spm.encode(vocab, stretch, space_prefix && after_special && begin == 0, out, scratch.spm);
      }
      begin = end;
    }
  }

  void encode_bpe(std::string_view text, std::vector<Token>& out, Scratch& scratch) const {
    CodePoints& points = scratch.code_points;
    points.assign(text);
    split(*pre, points, scratch.ends, scratch.more_ends);
    uint32_t begin = 0;
    for (const uint32_t end : scratch.ends) {
      const uint32_t offset = points.offset[begin];
      bpe.encode(vocab, text.substr(offset, points.offset[end] - offset), out, scratch.bpe);
      begin = end;
    }
  }
};

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

Result<Tokenizer> Tokenizer::create(const gguf::Metadata& metadata) {
  TERNLIGHT_ASSIGN(const std::optional<std::string> kind, metadata.string("tokenizer.ggml.model"));
  if (!kind) {
    return error(ErrorCode::missing_metadata, "metadata key 'tokenizer.ggml.model' is missing: the file has no tokenizer");
  }
  if (*kind != "gpt2" && *kind != "llama") {
    return error(ErrorCode::unsupported_tokenizer, "metadata key 'tokenizer.ggml.model': expected gpt2 or llama, found '" +
                                                       kind->substr(0, 80) + "'");
  }
  const bool is_bpe = *kind == "gpt2";
  TERNLIGHT_ASSIGN(Vocab vocab, read_vocab(metadata, is_bpe ? SpecialIds{} : kSpmIds));
  auto impl = std::make_unique<Impl>(std::move(vocab), *kind);
  if (is_bpe) {
    TERNLIGHT_ASSIGN(impl->pre, choose_pre_tokenizer(metadata));
    impl->pre_name = impl->pre->name;
    TERNLIGHT_ASSIGN(impl->bpe, Bpe::create(metadata, impl->vocab, impl->pre->ignore_merges));
  } else {
    TERNLIGHT_ASSIGN(impl->spm, Spm::create(impl->vocab));
    TERNLIGHT_ASSIGN(const std::optional<bool> prefix, metadata.boolean("tokenizer.ggml.add_space_prefix"));
    impl->space_prefix = prefix.value_or(true);
  }
  TERNLIGHT_ASSIGN(const std::optional<bool> add_bos, metadata.boolean("tokenizer.ggml.add_bos_token"));
  impl->adds_bos = add_bos.value_or(is_bpe ? impl->pre->adds_bos : true) && impl->vocab.bos.has_value();
  return Tokenizer(std::move(impl));
}

std::vector<Token> Tokenizer::encode(std::string_view text, EncodeOptions options) const {
  std::vector<Token> out;
  Impl::Scratch scratch;
  if (options.add_bos && impl_->adds_bos) out.push_back(*impl_->vocab.bos);
  bool after_special = true;  // the text's beginning counts as well
  for (size_t begin = 0; begin < text.size();) {
    const auto match = impl_->specials.find(impl_->vocab, text, begin, options.parse_special);
    const size_t end = match ? match->begin : text.size();
    if (end > begin) {
      impl_->encode_plain(text.substr(begin, end - begin), after_special, out, scratch);
      after_special = false;
    }
    if (!match) break;
    out.push_back(match->token);
    after_special = true;
    begin = match->end;
  }
  return out;
}

std::string Tokenizer::bytes(Token token, bool special) const {
  if (!impl_->vocab.contains(token)) return {};
  const std::string_view piece = impl_->vocab.piece(token);
  std::string out;
  switch (impl_->vocab.type(token)) {
    case TokenType::unknown:
    case TokenType::control:
      if (special) out = piece;
      return out;
    case TokenType::user_defined:
      out = piece;
      return out;
    case TokenType::byte:
      if (const int byte = Spm::byte_of(piece); byte >= 0) {
        out.push_back(static_cast<char>(static_cast<uint8_t>(byte)));
        return out;
      }
      break;
    case TokenType::normal:
    case TokenType::unused: break;
  }
  if (impl_->is_bpe()) {
    append_byte_level(out, piece);
  } else {
    append_unescaped(out, piece);
  }
  return out;
}

std::string Tokenizer::decode(std::span<const Token> tokens, bool special) const {
  std::string out;
  for (const Token token : tokens) out += bytes(token, special);
  if (strips_leading_space() && out.starts_with(' ')) out.erase(0, 1);
  return out;
}

size_t Tokenizer::vocab_size() const { return impl_->vocab.size(); }

TokenType Tokenizer::type(Token token) const {
  return impl_->vocab.contains(token) ? impl_->vocab.type(token) : TokenType::unknown;
}

std::string_view Tokenizer::piece(Token token) const {
  return impl_->vocab.contains(token) ? impl_->vocab.piece(token) : std::string_view();
}

std::optional<Token> Tokenizer::find(std::string_view piece) const { return impl_->vocab.find(piece); }
std::optional<Token> Tokenizer::bos() const { return impl_->vocab.bos; }
std::optional<Token> Tokenizer::eos() const { return impl_->vocab.eos; }
bool Tokenizer::adds_bos() const { return impl_->adds_bos; }
bool Tokenizer::strips_leading_space() const { return impl_->space_prefix; }

bool Tokenizer::is_end_of_generation(Token token) const {
  return std::binary_search(impl_->vocab.end_of_generation.begin(), impl_->vocab.end_of_generation.end(), token);
}

const std::vector<Token>& Tokenizer::end_of_generation() const { return impl_->vocab.end_of_generation; }
const std::string& Tokenizer::kind() const { return impl_->kind; }
const std::string& Tokenizer::pre_tokenizer() const { return impl_->pre_name; }

}  // namespace ternlight
