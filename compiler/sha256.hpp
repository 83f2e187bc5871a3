// SHA-256 (FIPS 180-4): names the model that generated code was made from.
#pragma once
#include <string>
#include <string_view>

namespace thimble::compiler {

// 64 hexadecimal digits, as sha256sum prints them.
std::string sha256(std::string_view bytes);

}  // namespace thimble::compiler
