# The engine's sources. The kernels are kept apart, by naming convention: *_simd128.cc need SIMD128, *_relaxed.cc relaxed
# SIMD, the others are portable. src/tools is the command-line program and no part of the library; src/train and the text it
# trains on, src/stories, are a library of their own, which only native builds have.
# CONFIGURE_DEPENDS: a new file is picked up by the next build.
file(GLOB_RECURSE TERNLIGHT_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cc)
file(GLOB TERNLIGHT_TOOL_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/tools/*.cc)
file(GLOB TERNLIGHT_TRAIN_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/train/*.cc
     ${CMAKE_CURRENT_LIST_DIR}/stories/*.cc)
file(GLOB TERNLIGHT_KERNEL_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/kernels/*.cc)
list(REMOVE_ITEM TERNLIGHT_SOURCES ${TERNLIGHT_TOOL_SOURCES} ${TERNLIGHT_TRAIN_SOURCES} ${TERNLIGHT_KERNEL_SOURCES})

set(TERNLIGHT_RELAXED_SOURCES ${TERNLIGHT_KERNEL_SOURCES})
list(FILTER TERNLIGHT_RELAXED_SOURCES INCLUDE REGEX "_relaxed\\.cc$")
list(REMOVE_ITEM TERNLIGHT_KERNEL_SOURCES ${TERNLIGHT_RELAXED_SOURCES})
