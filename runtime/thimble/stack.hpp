// What keeps the stack small where a kernel's loops have more values than the core has registers.
#pragma once

namespace thimble {

// What was read from memory before is read again behind. No instruction; where registers are few, a constant that is
// kept across an outer loop is spilled, and so loaded again anyway, from the stack.
inline void forget_reads() {
  __asm__ volatile("" ::: "memory");
}

// Calls f(a...), which does not become part of the caller: their frames are not laid out together.
template <class F, class... A>
__attribute__((noinline)) void out_of_line(F f, const A&... a) {
  f(a...);
}

}  // namespace thimble
