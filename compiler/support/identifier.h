// C identifiers made of ONNX names, which may hold any character.
#pragma once
#include <set>
#include <string>
#include <string_view>

namespace motec {

// Letters, digits and single underscores; starts with a letter; never a keyword of C or C++.
// "serving_default_input:0" -> "serving_default_input_0"
std::string identifier(std::string_view name);
std::string upper(std::string_view name);  // "kws_1" -> "KWS_1"
std::string camel(std::string_view name);  // "kws_1" -> "Kws1"

// Hands out identifiers that differ, also when written in capitals, adding _2, _3 … in the order of
// asking.
class UniqueNames {
 public:
  std::string make(std::string_view name);

 private:
  std::set<std::string> taken_;
};

}  // namespace motec
