# The tests of tests/kernels as wasm modules, for real browsers: build/wasm-tests/kernels_tests.<simd128|relaxed>.{js,wasm}.
# A build folder of its own (`npm run build:wasm-tests`), so that who only wants the engine never compiles them.

include(${CMAKE_CURRENT_LIST_DIR}/wasm-opt.cmake)
set(TERNLIGHT_GTEST_SOURCE /usr/src/googletest/googletest CACHE PATH "GoogleTest's sources")
set(gtest_all ${TERNLIGHT_GTEST_SOURCE}/src/gtest-all.cc)
if(NOT EXISTS ${gtest_all})
  message(FATAL_ERROR "GoogleTest's sources: expected ${gtest_all}, found no such file. Install them (Debian: googletest) "
    "or say where they are with -DTERNLIGHT_GTEST_SOURCE=<the folder with src/ and include/>.")
endif()
set(glue ${CMAKE_CURRENT_LIST_DIR}/glue)

# Without exceptions, as the engine; C++'s own run-time type information is used for nothing but names in messages.
set(test_options -fno-exceptions -fno-rtti)

add_library(gtest_wasm OBJECT ${gtest_all})
target_include_directories(gtest_wasm PRIVATE ${TERNLIGHT_GTEST_SOURCE})
target_include_directories(gtest_wasm SYSTEM PUBLIC ${TERNLIGHT_GTEST_SOURCE}/include)
target_compile_options(gtest_wasm PRIVATE ${test_options} -O1 -w)  # somebody else's code; and its speed matters little

# The test programs differ in their kernels only: what compares them is compiled once.
file(GLOB test_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/kernels/*_test.cc)
add_library(kernels_tests_wasm OBJECT ${test_sources} ${CMAKE_CURRENT_LIST_DIR}/kernel_tests_main.cc)
target_include_directories(kernels_tests_wasm PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests/kernels)
target_compile_options(kernels_tests_wasm PRIVATE ${test_options} -O1)
target_link_libraries(kernels_tests_wasm PRIVATE gtest_wasm)

# As in variants.cmake, and everywhere -O3: the kernels are tested as they are shipped.
set_source_files_properties(${TERNLIGHT_RELAXED_SOURCES} PROPERTIES COMPILE_OPTIONS -mrelaxed-simd)

foreach(isa IN ITEMS simd128 relaxed)
  set(tests kernels_tests.${isa})
  ternlight_add_kernels(kernels.${isa} ISA ${isa} OPTIONS -msimd128)
  add_executable(${tests} $<TARGET_OBJECTS:kernels_tests_wasm> $<TARGET_OBJECTS:gtest_wasm>)
  target_link_libraries(${tests} PRIVATE kernels.${isa})
  target_link_options(${tests} PRIVATE
    -O3 ${TERNLIGHT_WASM_OPT_OPTIONS}
    -fno-rtti -fno-exceptions
    --no-entry                            # kernel_tests_main.cc exports a function in place of main()
    -sMODULARIZE -sEXPORT_ES6
    -sENVIRONMENT=web,worker,node
    -sWASM_BIGINT                         # as in variants.cmake: nothing may rewrite a relaxed-SIMD module
    -sALLOW_MEMORY_GROWTH
    -sEXIT_RUNTIME=0
    "SHELL:--extern-pre-js ${glue}/module.js")
  set_target_properties(${tests} PROPERTIES
    LINKER_LANGUAGE CXX
    SUFFIX .js
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}
    LINK_DEPENDS "${glue}/module.js")
endforeach()
