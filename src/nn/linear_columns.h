// Products with Layout::ternary_columns: columns that meet a zero of the quantised input are not read. Private to src/nn.
#pragma once

#include "nn/compute.h"
#include "nn/linear_scratch.h"
#include "tensor/tensor.h"

namespace ternlight {

// Lists what is not zero among q8 of one token.
void list_live_inputs(LinearScratch& scratch, size_t token, size_t k_padded);

// acc[r] = sum of code * q8 for each row r, one token: the columns are shared out among the threads.
void column_product(const Compute& compute, const LinearScratch& scratch, const Tensor& weight, int32_t* acc);

// The same for several tokens and some rows: acc[t * (end - begin) + i] = sum of code * q8 of row begin + i; begin and end are multiples of 64.
void column_products(const Compute& compute, const LinearScratch& scratch, const Tensor& weight, size_t tokens,
                     size_t begin, size_t end, int32_t* acc, size_t thread);

}  // namespace ternlight
