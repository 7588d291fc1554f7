// What people see while motec works. Colours and progress are for terminals: where output is piped
// there is nothing but results.
#pragma once
#include <string_view>

#include "report/text.h"

namespace motec {

class Terminal {
 public:
  enum class Level : uint8_t { Quiet, Normal, Verbose };
  explicit Terminal(Level level);
  ~Terminal() { clear(); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Whether results that nobody asked for should be shown: on a terminal, or with -v.
  bool chatty() const;
  bool verbose() const { return level_ == Level::Verbose; }
  const Palette& palette() const { return out_; }  // for standard output

  void print(std::string_view text);      // a result, on standard output
  void note(std::string_view text);       // one line on standard output, unless -q
  void warn(std::string_view text);       // one line on standard error, unless -q
  void progress(std::string_view doing);  // replaces the line before, on a terminal only
  void clear();

 private:
  Level level_;
  bool out_is_terminal_, err_is_terminal_;
  bool showing_ = false;
  Palette out_;
};

// The escape sequences of a stream: empty unless it is a terminal and NO_COLOR is not set.
Palette palette_of(int file_descriptor);

}  // namespace motec
