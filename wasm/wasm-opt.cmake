# How Binaryen may change what LLVM made. Its simplify-locals moves every operand into the expression that uses it: of a
# chain of products all operands are then computed before the first product, which is more than a processor has vector
# registers for. Without these passes the kernels keep their order (a third faster, and the modules are smaller too).
set(TERNLIGHT_WASM_OPT_OPTIONS
  "-sBINARYEN_EXTRA_PASSES=--skip-pass=simplify-locals,--skip-pass=simplify-locals-nostructure,--skip-pass=simplify-locals-notee-nostructure,--skip-pass=simplify-locals-nonesting,--skip-pass=simplify-locals-notee,--skip-pass=local-cse,--skip-pass=precompute,--skip-pass=precompute-propagate")
