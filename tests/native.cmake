# The native build: library, program, tests. It holds the kernels of every ISA, as the wasm builds do, through SIMDe
# (tests/support/simde), and gives the same bits on every machine.
include(CheckCXXCompilerFlag)

find_path(SIMDE_INCLUDE_DIR simde/wasm/simd128.h)
if(NOT SIMDE_INCLUDE_DIR)
  message(FATAL_ERROR "SIMDe is not installed (Debian: libsimde-dev)")
endif()

if(TERNLIGHT_NATIVE_ARCH)
  add_compile_options(-march=native)
else()
  # x86-64 of 2009 and later: SSSE3 and SSE4.1 are what SIMDe makes the wasm instructions from. ARM has NEON anyway.
  check_cxx_compiler_flag(-march=x86-64-v2 TERNLIGHT_HAVE_X86_64_V2)
  if(TERNLIGHT_HAVE_X86_64_V2)
    add_compile_options(-march=x86-64-v2)
  endif()
endif()

if(TERNLIGHT_SANITIZE)
  string(REGEX REPLACE "^(ON|1|TRUE)$" "address,undefined" sanitizers "${TERNLIGHT_SANITIZE}")
  # vptr needs RTTI, which the library does without.
  add_compile_options(-fsanitize=${sanitizers} -fno-sanitize=vptr -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
  add_link_options(-fsanitize=${sanitizers})
endif()

ternlight_add_kernels(ternlight_kernels ISA relaxed)
# SYSTEM: no warnings from SIMDe's headers.
target_include_directories(ternlight_kernels SYSTEM PUBLIC ${PROJECT_SOURCE_DIR}/tests/support/simde ${SIMDE_INCLUDE_DIR})
ternlight_add_library(ternlight_core THREADS $<BOOL:${TERNLIGHT_THREADS}>)
target_link_libraries(ternlight_core PUBLIC ternlight_kernels)
if(TERNLIGHT_THREADS)
  set(THREADS_PREFER_PTHREAD_FLAG ON)
  find_package(Threads REQUIRED)
  target_link_libraries(ternlight_core PUBLIC Threads::Threads)
endif()

# The trainer and its text. With OpenBLAS's matrix products it is faster where the processor has no bf16 ones.
add_library(ternlight_train STATIC ${TERNLIGHT_TRAIN_SOURCES})
ternlight_configure(ternlight_train)
target_link_libraries(ternlight_train PUBLIC ternlight_core)
if(TERNLIGHT_OPENBLAS)
  # openblas_config.h: other libraries have a cblas.h, too.
  find_path(OPENBLAS_INCLUDE_DIR openblas_config.h PATH_SUFFIXES openblas-pthread openblas)
  find_library(OPENBLAS_LIBRARY openblas PATH_SUFFIXES openblas-pthread)
  if(OPENBLAS_INCLUDE_DIR AND OPENBLAS_LIBRARY)
    target_compile_definitions(ternlight_train PRIVATE TERNLIGHT_HAVE_OPENBLAS=1)
    target_include_directories(ternlight_train SYSTEM PRIVATE ${OPENBLAS_INCLUDE_DIR})
    target_link_libraries(ternlight_train PRIVATE ${OPENBLAS_LIBRARY})
  endif()
endif()

add_executable(ternlight ${TERNLIGHT_TOOL_SOURCES})
target_link_libraries(ternlight PRIVATE ternlight_train)

if(TERNLIGHT_TESTS)
  enable_testing()
  include(tests/tests.cmake)
endif()

if(TERNLIGHT_BENCH)
  find_package(benchmark REQUIRED)
  set(bench ${PROJECT_SOURCE_DIR}/tests/bench)
  add_executable(ternlight_bench ${bench}/kernels_bench.cc ${bench}/workload.cc ${bench}/read_bandwidth.cc)
  target_link_libraries(ternlight_bench PRIVATE ternlight_core benchmark::benchmark)
endif()
