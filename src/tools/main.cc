// The `ternlight` program: one table of subcommands.
#include <cstdio>
#include <cstring>

#include "tools/commands.h"

namespace {

struct Command {
  const char* name;
  int (*main)(int argc, char** argv);
  const char* usage;
};

constexpr Command kCommands[] = {
    {"inspect", ternlight::inspect_main, "MODEL                          header, tensors and sizes"},
    {"tokenize", ternlight::tokenize_main, "MODEL (--text S | --texts-file F)  token ids"},
    {"generate", ternlight::generate_main, "MODEL (--prompt S | --prompt-tokens 1,2,3) [--max-tokens N] [--temperature T] ..."},
    {"logits", ternlight::logits_main, "MODEL --prompt-tokens 1,2,3 [--all]"},
    {"perplexity", ternlight::perplexity_main, "MODEL --text-file F"},
    {"bench", ternlight::bench_main, "MODEL [--prefill 128] [--decode 64] [--threads 1,2] [--runs 5]"},
    {"sparsity", ternlight::sparsity_main, "MODEL (--text-file F | --random N)  exact zeros in the feed-forward, by layer"},
    {"random-model", ternlight::random_model_main, "--shape tiny|2b4t --type i2_s|tq1_0|tq2_0 --head f16|q6_k --seed K [--layers N] [--zero-gates S] [--i2s-layout P] --out F"},
    {"split", ternlight::split_main, "MODEL --parts N [--empty-first] --out PREFIX   writes PREFIX-00001-of-0000N.gguf, ..."},
    {"train", ternlight::train_main, "(--text F | --tokens F | --smoke) [--tokenizer MODEL] [--out F] ...   src/tools/README.md has the options"},
    {"stories", ternlight::stories_main, "--seed S --count N --split train|test --out F   text to train a storyteller on"},
    {"train-tokenizer", ternlight::train_tokenizer_main, "--vocab N --in F... --out F   byte-level BPE, as a GGUF file without tensors"},
    {"gen-api", ternlight::gen_api_main, "prints js/api.gen.ts"},
};

int usage(FILE* to) {
  fprintf(to, "usage: ternlight COMMAND ... [--json]\n\n");
  for (const Command& c : kCommands) fprintf(to, "  %-15s %s\n", c.name, c.usage);
  fprintf(to, "\nMODEL options: --threads N, --head auto|file|f16|int8|q6_k, --kv f16|f32|int8, --context N,\n"
              "               --isa best|scalar|simd128|relaxed_simd, --i2s-layout auto|128x32|64x16|4row\n");
  return to == stdout ? 0 : 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return usage(stderr);
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) return usage(stdout);
  for (const Command& c : kCommands) {
    if (strcmp(argv[1], c.name) == 0) return c.main(argc - 2, argv + 2);
  }
  fprintf(stderr, "ternlight: there is no command %s\n\n", argv[1]);
  return usage(stderr);
}
