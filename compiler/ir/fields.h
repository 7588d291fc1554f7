// Text of any struct that lists its members with MOTE_FIELDS: used to print attributes, to compare
// operators, and to write the shape structs of emitted code.
#pragma once
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "mote/config.h"
#include "support/text.h"

namespace motec {

// Calls visit(name, member) for each listed member, in order.
template <class T, class Visit>
void for_each_field(const T& object, Visit visit) {
  static const std::vector<std::string> names = split(T::field_names, ',');
  size_t i = 0;
  std::apply([&](const auto&... member) { (visit(trim(names[i++]), member), ...); },
             object.fields());
}

template <class T>
std::string field_text(const T& value) {
  if constexpr (std::is_enum_v<T>) {
    return std::string(name_of(value));
  } else if constexpr (std::is_same_v<T, std::string>) {
    return value;
  } else if constexpr (requires { T::field_names; }) {
    return fmt::format("({})", print_fields(value));
  } else if constexpr (requires { std::begin(value); }) {
    std::string text;
    for (const auto& item : value) text += (text.empty() ? "" : ",") + field_text(item);
    return fmt::format("[{}]", text);
  } else {
    return fmt::format("{}", value);
  }
}

// "stride=[1,1] group=1"
template <class T>
std::string print_fields(const T& object) {
  std::string text;
  for_each_field(object, [&](const std::string& name, const auto& member) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, field_text(member));
  });
  return text;
}

}  // namespace motec
