// Code made for cores with unaligned loads includes this. A PC passes: kernels have C++ twins there, for tests.
#pragma once

#if !defined(__ARM_FEATURE_UNALIGNED) && !defined(__x86_64__) && !defined(__aarch64__)
#error "thimble: this code is for cores with unaligned loads. Compile the model for this core, or set -mcpu."
#endif
