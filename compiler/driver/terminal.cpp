#include "driver/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace motec {

Palette palette_of(int file_descriptor) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool plain = (no_color && *no_color) || (term && std::string_view(term) == "dumb");
  if (plain || !isatty(file_descriptor)) return {};
  return {.bold = "\033[1m",
          .dim = "\033[2m",
          .good = "\033[32m",
          .bad = "\033[31m",
          .reset = "\033[0m"};
}

Terminal::Terminal(Level level)
    : level_(level),
      out_is_terminal_(isatty(STDOUT_FILENO)),
      err_is_terminal_(isatty(STDERR_FILENO)),
      out_(palette_of(STDOUT_FILENO)) {}

bool Terminal::chatty() const {
  return level_ == Level::Verbose || (level_ == Level::Normal && out_is_terminal_);
}

void Terminal::print(std::string_view text) {
  clear();
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void Terminal::note(std::string_view text) {
  if (level_ != Level::Quiet) print(fmt::format("{}\n", text));
}

void Terminal::warn(std::string_view text) {
  if (level_ == Level::Quiet) return;
  clear();
  const Palette palette = palette_of(STDERR_FILENO);
  fmt::print(stderr, "{}warning{}: {}\n", palette.bold, palette.reset, text);
}

void Terminal::progress(std::string_view doing) {
  if (!err_is_terminal_ || level_ == Level::Quiet) return;
  clear();
  fmt::print(stderr, "{}...", doing);
  std::fflush(stderr);
  showing_ = true;
}

void Terminal::clear() {
  if (!showing_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  showing_ = false;
}

}  // namespace motec
