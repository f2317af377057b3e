#include "text/tokenizer.h"

#include <algorithm>

#include "text/bpe.h"
#include "text/pretokenizer.h"
#include "text/special_tokens.h"
#include "text/spm.h"
#include "text/vocab.h"

namespace ternlight {
namespace {

// Texts of control tokens that end a turn, for files that name no eot token.
constexpr std::string_view kEndTexts[] = {"<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>",
                                          "<|end_of_text|>", "<|eom_id|>", "<EOT>", "</s>"};

// BitNet 2B4T's files carry no tokenizer.ggml.pre; its vocabulary is Llama 3's, which these two counts identify.
constexpr size_t kLlama3Tokens = 128256, kLlama3Merges = 280147;

std::string choose_pre_tokenizer(const gguf::Metadata& metadata, size_t tokens) {
  if (const auto* name = metadata.find_as<std::string>("tokenizer.ggml.pre")) return *name;
  const auto* architecture = metadata.find_as<std::string>("general.architecture");
  const auto* merges = metadata.find_as<gguf::StringArray>("tokenizer.ggml.merges");
  const bool is_2b4t = architecture != nullptr && (*architecture == "bitnet-25" || *architecture == "bitnet-b1.58");
  const bool is_llama3 = tokens == kLlama3Tokens && merges != nullptr && merges->size() == kLlama3Merges;
  return is_2b4t || is_llama3 ? "llama-bpe" : "default";
}

// A special token's id; absent and out of range count as none, the latter being common in converted files (-1).
std::optional<Token> special_id(const gguf::Metadata& metadata, const char* key, size_t tokens) {
  const auto* id = metadata.find_as<int64_t>(key);
  if (id == nullptr || *id < 0 || static_cast<uint64_t>(*id) >= tokens) return std::nullopt;
  return static_cast<Token>(*id);
}

}  // namespace

struct Tokenizer::Impl {
  Impl(Vocab&& v) : vocab(std::move(v)), specials(vocab) {}

  Vocab vocab;
  SpecialTokens specials;
  std::optional<Bpe> bpe;
  std::optional<Spm> spm;
  std::string kind, pre;
  std::optional<Token> bos, eos;
  bool adds_bos = false;
  bool adds_space = false;  // SPM
  std::vector<Token> end_of_generation;
};

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;

Result<Tokenizer> Tokenizer::create(const gguf::Metadata& metadata) {
  TERNLIGHT_ASSIGN(const std::optional<std::string> kind, metadata.string("tokenizer.ggml.model"));
  if (!kind) return error(ErrorCode::missing_metadata, "metadata key tokenizer.ggml.model is missing");
  TERNLIGHT_ASSIGN(Vocab vocab, Vocab::create(metadata));
  auto impl = std::make_unique<Impl>(std::move(vocab));
  const size_t n = impl->vocab.size();
  impl->kind = *kind;
  bool adds_bos = true;
  if (*kind == "gpt2") {
    impl->pre = choose_pre_tokenizer(metadata, n);
    const PreTokenizer* pre = find_pre_tokenizer(impl->pre);
    if (pre == nullptr) {
      std::string known;
      for (const std::string_view name : pre_tokenizer_names()) known.append(known.empty() ? "" : ", ").append(name);
      return error(ErrorCode::unsupported_tokenizer, "metadata key tokenizer.ggml.pre: expected one of " + known + ", found " + impl->pre);
    }
    adds_bos = pre->adds_bos;
    TERNLIGHT_ASSIGN(impl->bpe, Bpe::create(metadata, impl->vocab, *pre));
  } else if (*kind == "llama") {
    TERNLIGHT_ASSIGN(impl->spm, Spm::create(metadata, impl->vocab));
    TERNLIGHT_ASSIGN(const std::optional<bool> space, metadata.boolean("tokenizer.ggml.add_space_prefix"));
    impl->adds_space = space.value_or(true);
  } else {
    return error(ErrorCode::unsupported_tokenizer, "metadata key tokenizer.ggml.model: expected gpt2 or llama, found " + *kind);
  }
  TERNLIGHT_ASSIGN(const std::optional<bool> add_bos, metadata.boolean("tokenizer.ggml.add_bos_token"));
  impl->adds_bos = add_bos.value_or(adds_bos);
  impl->bos = special_id(metadata, "tokenizer.ggml.bos_token_id", n);
  impl->eos = special_id(metadata, "tokenizer.ggml.eos_token_id", n);

  std::vector<Token>& ends = impl->end_of_generation;
  for (const char* key : {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"}) {
    if (const auto id = special_id(metadata, key, n)) ends.push_back(*id);
  }
  for (const std::string_view text : kEndTexts) {
    const Token token = impl->vocab.find(text);
    if (token >= 0 && impl->vocab.is_special(token)) ends.push_back(token);
  }
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  return Tokenizer(std::move(impl));
}

std::vector<Token> Tokenizer::encode(std::string_view text, EncodeOptions options) const {
  const Impl& t = *impl_;
  std::vector<Token> out;
  if (options.add_bos && t.adds_bos && t.bos) out.push_back(*t.bos);
  bool after_special = true;  // SPM starts a new text at the beginning and behind special tokens
  for (const SpecialTokens::Fragment& f : t.specials.split(t.vocab, text, options.parse_special)) {
    if (f.token >= 0) {
      // A prompt that starts with the bos text has it already.
      const bool doubled = f.token == t.bos && out.size() == 1 && out[0] == f.token;
      if (!doubled) out.push_back(f.token);
      after_special = true;
      continue;
    }
    if (t.bpe) {
      t.bpe->encode(t.vocab, f.text, out);
    } else {
      t.spm->encode(t.vocab, f.text, t.adds_space && after_special, out);
    }
    after_special = false;
  }
  return out;
}

std::string Tokenizer::bytes(Token token, bool special) const {
  if (token < 0 || static_cast<size_t>(token) >= impl_->vocab.size()) return {};
  const std::string_view piece = impl_->vocab.piece(token);
  switch (impl_->vocab.type(token)) {
    case TokenType::control:
    case TokenType::unused: return special ? std::string(piece) : std::string();
    case TokenType::user_defined: return std::string(piece);
    case TokenType::unknown: return "\xEF\xBF\xBD";
    case TokenType::normal:
    case TokenType::byte: break;
  }
  return impl_->bpe ? Bpe::decode(piece) : Spm::decode(piece, impl_->vocab.type(token));
}

std::string Tokenizer::decode(std::span<const Token> tokens, bool special) const {
  std::string out;
  bool strip = strips_leading_space();
  for (const Token token : tokens) {
    std::string piece = bytes(token, special);
    if (strip && !piece.empty()) {
      const bool is_text = impl_->vocab.type(token) != TokenType::control;
      if (is_text && piece[0] == ' ') piece.erase(0, 1);
      strip = !is_text;
    }
    out += piece;
  }
  return out;
}

size_t Tokenizer::vocab_size() const { return impl_->vocab.size(); }
TokenType Tokenizer::type(Token token) const { return impl_->vocab.type(token); }
std::string_view Tokenizer::piece(Token token) const { return impl_->vocab.piece(token); }
std::optional<Token> Tokenizer::find(std::string_view piece) const {
  const Token token = impl_->vocab.find(piece);
  return token < 0 ? std::nullopt : std::optional<Token>(token);
}
std::optional<Token> Tokenizer::bos() const { return impl_->bos; }
std::optional<Token> Tokenizer::eos() const { return impl_->eos; }
bool Tokenizer::adds_bos() const { return impl_->adds_bos; }
bool Tokenizer::strips_leading_space() const { return impl_->spm.has_value() && impl_->adds_space; }
bool Tokenizer::is_end_of_generation(Token token) const {
  return std::binary_search(impl_->end_of_generation.begin(), impl_->end_of_generation.end(), token);
}
const std::vector<Token>& Tokenizer::end_of_generation() const { return impl_->end_of_generation; }
const std::string& Tokenizer::kind() const { return impl_->kind; }
const std::string& Tokenizer::pre_tokenizer() const { return impl_->pre; }

}  // namespace ternlight
