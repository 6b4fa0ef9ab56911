# How this project builds: warnings, sanitizers, units, and one library a folder.

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

option(NINES_UNITY
       "Compile a folder's sources several at a time: from nothing in less than half the time, after a change to one file in more" OFF)
if(NINES_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # In a unit, a source counts as a header, whose classes may not use what is in an anonymous namespace.
  target_compile_options(nines_options INTERFACE -Wno-subobject-linkage)
endif()

# nines_units(TARGET SOURCES_MAX): with NINES_UNITY, as few units of even size as hold at most so many sources each.
function(nines_units target sources_max)
  if(NINES_UNITY)
    get_target_property(sources ${target} SOURCES)
    list(FILTER sources INCLUDE REGEX "\\.cc$")
    list(LENGTH sources count)
    math(EXPR units "(${count} + ${sources_max} - 1) / ${sources_max}")
    math(EXPR size "(${count} + ${units} - 1) / ${units}")
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${size})
  endif()
endfunction()

# nines_library(NAME [ALONE] DEPS ...): every .cc of the folder it is called in, but those of a program.
# The linker sees only what DEPS names, which keeps the layers.
# ALONE: each source is always a unit of its own, so that hot code is optimised in every build as it was when it was measured.
function(nines_library name)
  cmake_parse_arguments(ARG "ALONE" "" "DEPS;PRIVATE_DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/(main|allocator)\\.cc$")
  if(sources)
    add_library(${name} STATIC ${sources})
    if(NOT ARG_ALONE)
      nines_units(${name} 8)
    endif()
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
  nines_units(${name} 6)
  # What is tested is optimised; optimising the tests themselves would be a tenth of the build.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1;-g0>)
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
    # It only reads flags; optimising what CLI11's header brings for that takes longer than compiling it.
    set_source_files_properties(main.cc PROPERTIES COMPILE_OPTIONS "$<$<CONFIG:Release>:-O0>")
  endif()
endfunction()
