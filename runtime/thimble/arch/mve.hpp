// Whether the blocks for Helium are assembly; their C++ twins serve the host and builds without optimisation.
#pragma once
#include "thimble/arch/dsp.hpp"

#if defined(__ARM_FEATURE_MVE) && defined(__OPTIMIZE__)
#define THIMBLE_MVE_ASSEMBLY 1
#else
#define THIMBLE_MVE_ASSEMBLY 0
#endif
