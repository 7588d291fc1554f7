// Small pieces of text handling that several layers need.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace motec {

std::vector<std::string> split(std::string_view text, char separator);
std::string trim(std::string_view text);

// The candidate nearest to `word` by edit distance, or "" if none is near; for "did you mean".
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace motec
