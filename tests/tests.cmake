# GoogleTest programs: one for each folder of tests below, made of every *_test.cc in it and of the helpers in
# tests/support. `ctest --test-dir build/native` runs them.
find_package(GTest REQUIRED)

file(GLOB support_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/support/*.cc)
foreach(folder IN ITEMS unit kernels)
  file(GLOB_RECURSE test_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/${folder}/*_test.cc)
  if(NOT test_sources)
    continue()
  endif()
  add_executable(${folder}_tests ${test_sources} ${support_sources})
  target_include_directories(${folder}_tests PRIVATE ${CMAKE_CURRENT_LIST_DIR} ${CMAKE_CURRENT_LIST_DIR}/support)
  target_compile_definitions(${folder}_tests PRIVATE TERNLIGHT_STORYTELLER="${PROJECT_SOURCE_DIR}/demo/public/models/story.i2_s.gguf")
  target_link_libraries(${folder}_tests PRIVATE ternlight_core GTest::gmock GTest::gtest_main)
  # Compiled in half the time: what is tested is in the libraries, at full speed.
  target_compile_options(${folder}_tests PRIVATE -O0)
  target_precompile_headers(${folder}_tests PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
  add_test(NAME ${folder} COMMAND ${folder}_tests)
endforeach()

target_link_libraries(unit_tests PRIVATE ternlight_train)
# Tests load random models as well: the tool's writer, without its program.
foreach(file IN ITEMS random_model_writer random_weights random_gate_bias synthetic_vocab)
  target_sources(unit_tests PRIVATE ${PROJECT_SOURCE_DIR}/src/tools/${file}.cc)
endforeach()
