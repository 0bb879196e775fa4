#ifndef MASKSCOPE_ENGINE_VECTORIZE_H_
#define MASKSCOPE_ENGINE_VECTORIZE_H_

// Compiles a plain loop once a generation of x86 and lets the loader pick. Sanitizers instrument the picking itself,
// which runs before they are ready.
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define MASKSCOPE_VECTORIZED __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default")))
#else
#define MASKSCOPE_VECTORIZED
#endif

#endif  // MASKSCOPE_ENGINE_VECTORIZE_H_
