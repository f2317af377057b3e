// Splits a model's bytes for tests, and loads what is in parts.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "gguf/reader.h"
#include "gguf/split.h"

namespace ternlight::test {

using Bytes = std::vector<uint8_t>;

// Tensors go to the parts in turn, so that the layers of a model are spread over all of them.
inline std::vector<Bytes> split(const Bytes& model, size_t parts) {
  gguf::Reader reader(model.size());
  EXPECT_TRUE(reader.feed(model).ok() && reader.complete());
  const gguf::Header header = reader.take_header();
  const std::string pairs(model.begin() + gguf::kMetadataStart, model.begin() + static_cast<std::ptrdiff_t>(header.metadata_end));
  std::vector<Bytes> result;
  for (size_t part = 0; part < parts; part++) {
    std::vector<const gguf::TensorInfo*> tensors;
    for (size_t i = part; i < header.tensors.size(); i += parts) tensors.push_back(&header.tensors[i]);
    const gguf::Writer writer = gguf::part_writer(header, pairs, tensors, part, parts);
    const Result<std::string> head = writer.header();
    EXPECT_TRUE(head.ok());
    Bytes bytes(head->begin(), head->end());
    for (const gguf::TensorInfo* t : tensors) {
      const auto from = model.begin() + static_cast<std::ptrdiff_t>(header.data_offset + t->offset);
      bytes.insert(bytes.end(), from, from + static_cast<std::ptrdiff_t>(t->bytes));
      bytes.resize(bytes.size() + static_cast<size_t>(writer.padding(t->bytes)));
    }
    result.push_back(std::move(bytes));
  }
  return result;
}

inline Result<Model> load_parts(Engine& engine, const std::vector<Bytes>& parts, LoadOptions options, size_t piece) {
  if (options.file_sizes.size() != parts.size()) options.file_sizes.assign(parts.size(), 0);
  ModelLoader loader(engine, options);
  std::vector<size_t> at(parts.size());
  for (std::span<uint8_t> slot = loader.reserve(); !slot.empty(); slot = loader.reserve()) {
    const size_t part = loader.part();
    EXPECT_EQ(loader.offset(), at[part]);
    const size_t n = std::min({slot.size(), parts[part].size() - at[part], piece});
    if (n == 0) break;
    std::copy_n(parts[part].begin() + static_cast<std::ptrdiff_t>(at[part]), n, slot.begin());
    at[part] += n;
    if (Status status = loader.commit(n); !status.ok()) return status;
  }
  return loader.finish();
}

// The hash of all logits of a few greedy tokens.
inline uint64_t logits_hash(Engine& engine, const Model& model) {
  Result<Session> session = Session::create(engine, model, {.context_length = 64});
  EXPECT_TRUE(session.ok()) << session.status().message;
  GenerateParams params;
  params.max_tokens = 8;
  params.collect_logits_hash = true;
  params.sampler.temperature = 0;
  EXPECT_TRUE(session->begin(model.tokenizer().encode("Tell me a story", {.add_bos = true, .parse_special = true}), params).ok());
  while (session->step().kind != StepKind::stop) continue;
  return session->logits_hash();
}

}  // namespace ternlight::test
