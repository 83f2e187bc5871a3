// SHA-256, block by block.
#include "compiler/sha256.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstdint>

namespace thimble::compiler {

namespace {

// The first 32 fractional bits of the cube roots of the first 64 primes, and of the square roots of the first 8: that
// is how the standard defines its constants. Integer roots of p << 96 (p << 64) have 32 fractional bits.
struct Constants {
  std::array<uint32_t, 64> round;
  std::array<uint32_t, 8> initial;

  Constants() {
    size_t n = 0;
    for (unsigned p = 2; n < 64; ++p) {
      bool prime = true;
      for (unsigned d = 2; d * d <= p; ++d) prime = prime && p % d != 0;
      if (!prime) continue;
      round[n] = uint32_t(root<3>(p));
      if (n < 8) initial[n] = uint32_t(root<2>(p));
      ++n;
    }
  }

  // floor(p^(1/k) * 2^32), one bit after another.
  template <int k>
  static uint64_t root(unsigned p) {
    uint64_t found = 0;
    for (int bit = 36; bit >= 0; --bit) {
      const unsigned __int128 trial = found | uint64_t(1) << bit;
      unsigned __int128 power = trial * trial;
      if constexpr (k == 3) power *= trial;
      if (power <= (unsigned __int128)(p) << (32 * k)) found = uint64_t(trial);
    }
    return found;
  }
};

void add_block(const uint8_t* block, std::array<uint32_t, 8>& state, const Constants& constants) {
  std::array<uint32_t, 64> w;
  for (size_t i = 0; i < 16; ++i)
    w[i] = uint32_t(block[4 * i]) << 24 | uint32_t(block[4 * i + 1]) << 16 | uint32_t(block[4 * i + 2]) << 8 |
           block[4 * i + 3];
  for (size_t i = 16; i < 64; ++i) {
    const uint32_t s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ w[i - 15] >> 3;
    const uint32_t s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (size_t i = 0; i < 64; ++i) {
    const uint32_t s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + constants.round[i] + w[i];
    const uint32_t s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    const uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  const std::array<uint32_t, 8> worked = {a, b, c, d, e, f, g, h};
  for (size_t i = 0; i < 8; ++i) state[i] += worked[i];
}

}  // namespace

std::string sha256(std::string_view bytes) {
  static const Constants constants;
  std::array<uint32_t, 8> state = constants.initial;
  const auto* at = reinterpret_cast<const uint8_t*>(bytes.data());
  const size_t whole = bytes.size() / 64 * 64;
  for (size_t i = 0; i < whole; i += 64) add_block(at + i, state, constants);

  // The rest, a 1 bit, zeros, and the length in bits, big-endian, at the end of a block.
  std::string rest(bytes.substr(whole));
  rest += '\x80';
  rest.resize((rest.size() + 8 + 63) / 64 * 64 - 8, '\0');
  for (int shift = 56; shift >= 0; shift -= 8) rest += char(uint64_t(bytes.size()) * 8 >> shift & 255);
  for (size_t i = 0; i < rest.size(); i += 64)
    add_block(reinterpret_cast<const uint8_t*>(rest.data()) + i, state, constants);

  std::string text;
  for (uint32_t word : state) text += fmt::format("{:08x}", word);
  return text;
}

}  // namespace thimble::compiler
