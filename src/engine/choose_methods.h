// Which way of computing the ternary products is the fastest here, found by trying each for a moment.
#pragma once

#include <string>

#include "base/status.h"
#include "kernels/kernels.h"

namespace ternlight {

// Runs each for some milliseconds. Browsers begin with quick and dirty code and compile in earnest, in the background, what
// has run for a while: only then do the times mean anything. A load takes long enough for that.
void warm_up_methods(Isa isa);
// Takes the fastest, for one vector and for several; some two milliseconds.
void choose_methods(Kernels& kernels);

// Takes the method of this name. The way to multiply several vectors stays where it has none of its own.
// invalid_argument names those there are.
Status use_method(Kernels& kernels, const std::string& name);

}  // namespace ternlight
