// Whether the assembly for ARMv7-M and later is used.
#pragma once

#if defined(__thumb2__) && defined(__ARM_FEATURE_SAT)
#define THIMBLE_V7M_ASSEMBLY 1
#else
#define THIMBLE_V7M_ASSEMBLY 0
#endif
