#pragma once

// In front of a function whose loops compile to vector code: it is compiled twice, and the program chooses when it
// starts. Sanitizers are not ready yet at that time. Never for code with fused operations: results must not depend on
// the machine.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define NINES_VECTOR_CODE [[gnu::target_clones("avx2", "default")]]
#else
#define NINES_VECTOR_CODE
#endif
