#pragma once

#include <cstdio>
#include <cstdlib>

// For a broken invariant of our own: prints where, and aborts. Bad input gets a Status instead.
#define NINES_CHECK(condition)                                                              \
  do {                                                                                      \
    if (!(condition)) [[unlikely]] {                                                        \
      std::fprintf(stderr, "%s:%d: broken invariant: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                         \
    }                                                                                       \
  } while (false)
