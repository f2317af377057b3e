# The engine's sources, by naming convention: *_simd128.cc need SIMD128, *_relaxed.cc need relaxed SIMD, every other
# file is portable. src/tools is the command-line program and no part of the library.
# CONFIGURE_DEPENDS: a new file is picked up by the next build.
file(GLOB_RECURSE TERNLIGHT_COMMON_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cc)
file(GLOB TERNLIGHT_TOOL_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/tools/*.cc)

list(REMOVE_ITEM TERNLIGHT_COMMON_SOURCES ${TERNLIGHT_TOOL_SOURCES})
set(TERNLIGHT_SIMD128_SOURCES ${TERNLIGHT_COMMON_SOURCES})
list(FILTER TERNLIGHT_SIMD128_SOURCES INCLUDE REGEX "_simd128\\.cc$")
set(TERNLIGHT_RELAXED_SOURCES ${TERNLIGHT_COMMON_SOURCES})
list(FILTER TERNLIGHT_RELAXED_SOURCES INCLUDE REGEX "_relaxed\\.cc$")
list(FILTER TERNLIGHT_COMMON_SOURCES EXCLUDE REGEX "_(simd128|relaxed)\\.cc$")
