# The kernel benchmark as wasm modules: build/wasm-bench/kernels_bench.<simd128|relaxed>.{js,wasm}. Both can have threads;
# on one, the kernels are the same code as in the builds without. A build folder of its own (`npm run build:wasm-bench`).
include(${CMAKE_CURRENT_LIST_DIR}/wasm-opt.cmake)
set(glue ${CMAKE_CURRENT_LIST_DIR}/glue)
set(finish_glue ${CMAKE_CURRENT_LIST_DIR}/toolchain/finish-glue.mjs)
set(bench ${PROJECT_SOURCE_DIR}/tests/bench)
find_program(NODE_EXECUTABLE node REQUIRED)
set(options -msimd128 -pthread)

# Of the engine: the pool of threads, and what holds the data.
add_library(kernels_bench_wasm OBJECT
  ${CMAKE_CURRENT_LIST_DIR}/kernel_bench_main.cc ${bench}/workload.cc ${bench}/read_bandwidth.cc
  ${PROJECT_SOURCE_DIR}/src/parallel/thread_pool.cc ${PROJECT_SOURCE_DIR}/src/base/arena.cc)
target_include_directories(kernels_bench_wasm PRIVATE ${bench})
target_compile_definitions(kernels_bench_wasm PRIVATE TERNLIGHT_THREADS=1)
ternlight_configure(kernels_bench_wasm ${options})

# As in variants.cmake: the kernels are timed as they are shipped.
set_source_files_properties(${TERNLIGHT_RELAXED_SOURCES} PROPERTIES COMPILE_OPTIONS -mrelaxed-simd)

foreach(isa IN ITEMS simd128 relaxed)
  set(program kernels_bench.${isa})
  ternlight_add_kernels(kernels.${isa} ISA ${isa} OPTIONS ${options})
  add_executable(${program} $<TARGET_OBJECTS:kernels_bench_wasm>)
  target_link_libraries(${program} PRIVATE kernels.${isa})
  target_link_options(${program} PRIVATE
    -O3 ${TERNLIGHT_WASM_OPT_OPTIONS}
    -fno-rtti -fno-exceptions
    --no-entry                            # kernel_bench_main.cc exports functions in place of main()
    -sMODULARIZE -sEXPORT_ES6
    -sENVIRONMENT=web,worker,node
    -sWASM_BIGINT                         # nothing may rewrite a relaxed-SIMD module
    -sALLOW_MEMORY_GROWTH -sMAXIMUM_MEMORY=4GB
    -sMEMORY_GROWTH_LINEAR_STEP=2MB
    -sEXIT_RUNTIME=0
    -pthread
    -Wno-pthreads-mem-growth
    -sDEFAULT_PTHREAD_STACK_SIZE=256KB
    "-sPTHREAD_POOL_SIZE=Module['ternlightPoolSize']||0"
    "SHELL:--extern-pre-js ${glue}/module.js"
    "SHELL:--extern-pre-js ${glue}/threads.js"
    "SHELL:--pre-js ${glue}/threads-factory.js")
  set_target_properties(${program} PROPERTIES
    LINKER_LANGUAGE CXX
    SUFFIX .js
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}
    LINK_DEPENDS "${glue}/module.js;${glue}/threads.js;${glue}/threads-factory.js;${finish_glue}")
  add_custom_command(TARGET ${program} POST_BUILD
    COMMAND ${NODE_EXECUTABLE} ${finish_glue} $<TARGET_FILE:${program}> mt VERBATIM)
endforeach()
