# The plain read loop of the benchmarks as a bare module: build/wasm-bench/read_bandwidth.wasm. No JavaScript comes with it:
# it exports its memory and one function, and imports nothing.
add_executable(read_bandwidth ${PROJECT_SOURCE_DIR}/tests/bench/read_bandwidth.cc)
target_compile_options(read_bandwidth PRIVATE -msimd128 -fno-exceptions -fno-rtti)
target_link_options(read_bandwidth PRIVATE
  -O3
  --no-entry
  -sSTANDALONE_WASM
  -sEXPORTED_FUNCTIONS=_read_bandwidth
  -sALLOW_MEMORY_GROWTH -sMAXIMUM_MEMORY=2GB  # the page adds the buffer
  -sINITIAL_MEMORY=8MB)
set_target_properties(read_bandwidth PROPERTIES
  LINKER_LANGUAGE CXX
  SUFFIX .wasm
  RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
