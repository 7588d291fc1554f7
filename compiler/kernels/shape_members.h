// Writes a runtime shape struct as C++ constants.
#pragma once
#include <cmath>

#include "kernels/kernel.h"

namespace motec {

// A literal that reads back as exactly this value.
std::string literal(int32_t value);
std::string literal(float value);
std::string literal(double value);

// The members of a runtime shape as text. Arrays are cut to the struct's `rank`, if it has one.
template <class S>
std::vector<ShapeMember> shape_members(const S& s) {
  std::vector<ShapeMember> members;
  size_t rank = 0;
  if constexpr (requires { s.rank; }) rank = static_cast<size_t>(s.rank);
  for_each_field(s, [&](const std::string& name, const auto& value) {
    using T = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<T, int32_t>) {
      members.push_back({"int32_t", name, literal(value)});
    } else if constexpr (std::is_same_v<T, float>) {
      members.push_back({"float", name, literal(value)});
    } else if constexpr (std::is_same_v<T, double>) {
      members.push_back({"double", name, literal(value)});
    } else {
      const size_t n = rank ? rank : std::size(value);
      std::string list;
      for (size_t i = 0; i < n; ++i) list += (i ? ", " : "") + literal(value[i]);
      members.push_back({"int32_t", fmt::format("{}[{}]", name, n), fmt::format("{{{}}}", list)});
    }
  });
  return members;
}

}  // namespace motec
