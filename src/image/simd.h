#ifndef MASKSCOPE_IMAGE_SIMD_H_
#define MASKSCOPE_IMAGE_SIMD_H_

// MASKSCOPE_CLONES before a function: the compiler makes it for several instruction sets and the best one is taken when
// the program starts, so that one binary is fast on new machines and runs on old ones. Left out under sanitizers, whose
// run time is not ready yet when that choice is made.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define MASKSCOPE_CLONES __attribute__((target_clones("arch=haswell", "default")))
#else
#define MASKSCOPE_CLONES
#endif

#endif  // MASKSCOPE_IMAGE_SIMD_H_
