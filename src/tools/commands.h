// The subcommands of the `ternlight` program, one file each. Arguments are those behind the subcommand's name; the result
// is the exit code.
#pragma once

namespace ternlight {

int inspect_main(int argc, char** argv);
int tokenize_main(int argc, char** argv);
int generate_main(int argc, char** argv);
int logits_main(int argc, char** argv);
int perplexity_main(int argc, char** argv);
int bench_main(int argc, char** argv);
int sparsity_main(int argc, char** argv);
int split_main(int argc, char** argv);
int random_model_main(int argc, char** argv);
int train_main(int argc, char** argv);
int stories_main(int argc, char** argv);
int train_tokenizer_main(int argc, char** argv);
int gen_api_main(int argc, char** argv);

}  // namespace ternlight
