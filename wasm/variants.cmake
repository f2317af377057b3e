# The four wasm builds, from one configure: build/wasm/engine.<simd128|relaxed>-<st|mt>.{js,wasm}

set(glue ${CMAKE_CURRENT_LIST_DIR}/glue)
set(finish_glue ${CMAKE_CURRENT_LIST_DIR}/toolchain/finish-glue.mjs)
find_program(NODE_EXECUTABLE node REQUIRED)

# Settings that changed between Emscripten 3.1.6 (Debian 12) and today's emsdk.
if(EMSCRIPTEN_VERSION VERSION_LESS 3.1.60)
  set(stack_setting TOTAL_STACK)
  set(exported)  # HEAPU8 always is
else()
  set(stack_setting STACK_SIZE)
  set(exported -sEXPORTED_RUNTIME_METHODS=HEAPU8)
endif()

set(compile_options
  -msimd128
  -DEMSCRIPTEN_HAS_UNBOUND_TYPE_NAMES=0)  # what Embind needs to do without RTTI

include(${CMAKE_CURRENT_LIST_DIR}/wasm-opt.cmake)
set(link_options
  -O3 ${TERNLIGHT_WASM_OPT_OPTIONS}
  --bind                                  # Embind, for wasm/bindings.cc
  -fno-rtti -fno-exceptions
  -sMODULARIZE -sEXPORT_ES6               # an ES module that exports a factory
  -sENVIRONMENT=web,worker,node
  -sFILESYSTEM=0                          # bytes come from JavaScript; saves 50 KB of glue
  -sWASM_BIGINT                           # i64 as BigInt: no legalisation pass over the module
  -sALLOW_MEMORY_GROWTH -sMAXIMUM_MEMORY=4GB
  -sINITIAL_MEMORY=8MB                    # the code's own data and stack; weights and cache are added by growing
  -sMEMORY_GROWTH_LINEAR_STEP=2MB         # grow by what is asked for, in steps this small: the default adds 20 %
  -s${stack_setting}=1MB
  -sDYNAMIC_EXECUTION=0                   # Embind without eval, for pages whose security policy forbids it
  -sNODEJS_CATCH_EXIT=0 -sNODEJS_CATCH_REJECTION=0  # leave the caller's process alone
  -sEXIT_RUNTIME=0                        # no main(): the module lives until its worker does
  "SHELL:--extern-pre-js ${glue}/module.js"
  ${exported})

set(mt_compile_options -pthread)
set(mt_link_options
  -pthread
  -Wno-pthreads-mem-growth                # growth of a shared memory makes JavaScript's views slow: C++ does the work
  -sDEFAULT_PTHREAD_STACK_SIZE=256KB      # kernels need little; each thread has one
  # All threads are started before the factory resolves: later, a blocked caller could not start any.
  "-sPTHREAD_POOL_SIZE=Module['ternlightPoolSize']||0"
  "SHELL:--extern-pre-js ${glue}/threads.js"
  "SHELL:--pre-js ${glue}/threads-factory.js")

# Relaxed instructions in these files only; the rest of a relaxed build is the same code as in a simd128 build.
set_source_files_properties(${TERNLIGHT_RELAXED_SOURCES} PROPERTIES COMPILE_OPTIONS -mrelaxed-simd)

# What runs once for a model is made small: -O3 unrolls loops over headers and inlines the wording of errors.
file(GLOB small_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/gguf/*.cc)
foreach(file IN ITEMS base/json engine/inspect model/archs model/loader model/memory_plan model/schema model/tensor_plan tensor/pack/i2_s_packing)
  list(APPEND small_sources ${PROJECT_SOURCE_DIR}/src/${file}.cc)
endforeach()
set_source_files_properties(${small_sources} PROPERTIES COMPILE_OPTIONS -Os)

foreach(threads IN ITEMS st mt)
  if(threads STREQUAL mt)
    set(has_threads 1)
    set(options ${compile_options} ${mt_compile_options})
    set(links ${link_options} ${mt_link_options})
  else()
    set(has_threads 0)
    set(options ${compile_options})
    set(links ${link_options})
  endif()
  ternlight_add_library(core.${threads} THREADS ${has_threads} OPTIONS ${options})
  add_library(bindings.${threads} OBJECT ${CMAKE_CURRENT_LIST_DIR}/bindings.cc)
  target_compile_options(bindings.${threads} PRIVATE -fno-exceptions -fno-rtti)
  target_link_libraries(bindings.${threads} PUBLIC core.${threads})

  foreach(isa IN ITEMS simd128 relaxed)
    set(engine engine.${isa}-${threads})
    ternlight_add_kernels(kernels.${isa}-${threads} ISA ${isa} OPTIONS ${options})
    add_executable(${engine} $<TARGET_OBJECTS:bindings.${threads}>)
    target_link_libraries(${engine} PRIVATE core.${threads} kernels.${isa}-${threads})
    target_link_options(${engine} PRIVATE ${links})
    set_target_properties(${engine} PROPERTIES
      LINKER_LANGUAGE CXX
      SUFFIX .js
      RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}
      LINK_DEPENDS "${glue}/module.js;${glue}/threads.js;${glue}/threads-factory.js;${finish_glue}")
    add_custom_command(TARGET ${engine} POST_BUILD
      COMMAND ${NODE_EXECUTABLE} ${finish_glue} $<TARGET_FILE:${engine}> ${threads} VERBATIM)
  endforeach()
endforeach()
