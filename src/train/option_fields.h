// Every option of a training, by name, in the order in which a checkpoint holds them.
#pragma once

#include "train/trainer.h"

namespace ternlight::train {

// Calls visit(name, field) for each; Options is TrainOptions or const TrainOptions.
template <class Options, class Visit>
void for_each_field(Options& o, Visit&& visit) {
  visit("layers", o.net.layers);
  visit("dim", o.net.dim);
  visit("heads", o.net.heads);
  visit("kv_heads", o.net.kv_heads);
  visit("ffn_dim", o.net.ffn_dim);
  visit("vocab_size", o.net.vocab_size);
  visit("context_length", o.net.context_length);
  visit("norm_eps", o.net.norm_eps);
  visit("rope_base", o.net.rope_base);
  visit("feed_forward", o.net.feed_forward);
  visit("weights", o.net.weights);
  visit("head", o.net.head);
  visit("sub_norms", o.net.sub_norms);
  visit("steps", o.schedule.steps);
  visit("warmup", o.schedule.warmup);
  visit("peak_rate", o.schedule.peak_rate);
  visit("weight_decay", o.schedule.weight_decay);
  visit("beta1", o.adam.beta1);
  visit("beta2", o.adam.beta2);
  visit("epsilon", o.adam.epsilon);
  visit("clip", o.adam.clip);
  visit("sequences", o.sequences);
  visit("float_steps", o.float_steps);
  visit("seed", o.seed);
}

}  // namespace ternlight::train
