// Reports for people, on a terminal.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "plan/program.h"

namespace motec {

// Escape sequences, or empty strings where the reader is no terminal.
struct Palette {
  std::string_view bold, dim, good, bad, reset;
};

// Rows of cells in aligned columns, the first row being the heads. Columns whose cells are all
// numbers are aligned to the right.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> heads) : rows_{std::move(heads)} {}
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.size() == 1; }
  std::string text(const Palette& palette = {}) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// Inputs, outputs, memory, work, and the layers that take most of it. `all_layers`: every layer
// with its kernel, and the map of the arena.
std::string summary(const Program& program, const Palette& palette, bool all_layers = false);

}  // namespace motec
