# How this project builds: warnings, sanitizers, and one library a folder.

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()
find_program(LLD NAMES ld.lld)
if(LLD)
  add_link_options(-fuse-ld=lld)
endif()

set(NINES_SANITIZE "" CACHE STRING "Sanitizers to build with: 'address,undefined' or 'thread'")
if(NINES_SANITIZE)
  add_compile_options(-fsanitize=${NINES_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${NINES_SANITIZE})
  if(NINES_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan) # Asio has fences, which g++ warns that ThreadSanitizer does not follow.
  endif()
endif()

add_library(nines_options INTERFACE)
target_include_directories(nines_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(nines_options INTERFACE -Wall -Wextra -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(nines_options INTERFACE -Wthread-safety)
else()
  # g++ 12 warns about code inside libstdc++ and abseil when it inlines them.
  target_compile_options(nines_options INTERFACE -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)
endif()

# nines_library(NAME DEPS ...): every .cc of the folder it is called in, but those of a program.
# The linker sees only what DEPS names, which keeps the layers.
function(nines_library name)
  cmake_parse_arguments(ARG "" "" "DEPS;PRIVATE_DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/(main|allocator)\\.cc$")
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC nines_options ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE nines_options ${ARG_DEPS} ${ARG_PRIVATE_DEPS})
  endif()
endfunction()

# nines_test(NAME DEPS ...): one GoogleTest binary from every *_test.cc of the folder it is called in.
function(nines_test name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE nines_options ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE NINES_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data"
                             NINES_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name})
endfunction()

# nines_program(NAME DEPS ...): the executable of main.cc in the folder it is called in.
function(nines_program name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/main.cc)
    add_executable(${name} main.cc)
    target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  endif()
endfunction()
