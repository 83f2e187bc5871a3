// Code made for cores with Helium includes this. A PC passes: kernels have C++ twins there, for tests.
#pragma once

#if !defined(__ARM_FEATURE_MVE) && !defined(__x86_64__) && !defined(__aarch64__)
#error "thimble: this code is for cores with Helium. Compile the model for this core, or set -mcpu."
#endif
