#include "support/identifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>

namespace motec {
namespace {

constexpr std::string_view kReserved[] = {
    "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break",
    "case", "catch", "char", "char16_t", "char32_t", "char8_t", "class", "co_await", "co_return",
    "co_yield", "compl", "concept", "const", "const_cast", "consteval", "constexpr", "constinit",
    "continue", "decltype", "default", "delete", "do", "double", "dynamic_cast", "else", "enum",
    "explicit", "export", "extern", "false", "float", "for", "friend", "goto", "if", "inline",
    "int", "long", "mutable", "namespace", "new", "noexcept", "not", "not_eq", "nullptr",
    "operator", "or", "or_eq", "private", "protected", "public", "register", "reinterpret_cast",
    "requires", "restrict", "return", "short", "signed", "sizeof", "static", "static_assert",
    "static_cast", "struct", "switch", "template", "this", "thread_local", "throw", "true", "try",
    "typedef", "typeid", "typename", "union", "unsigned", "using", "virtual", "void", "volatile",
    "wchar_t", "while", "xor", "xor_eq",
    // Macros of C libraries and of compilers that do not keep to the standard.
    "EOF", "I", "INFINITY", "NAN", "NULL", "errno", "linux", "stderr", "stdin", "stdout", "unix"};

}  // namespace

std::string identifier(std::string_view name) {
  std::string id;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain) {
      id += c;
    } else if (!id.empty() && id.back() != '_') {
      id += '_';
    }
  }
  while (!id.empty() && id.back() == '_') id.pop_back();
  if (id.empty()) id.push_back('x');
  if (id[0] >= '0' && id[0] <= '9') id.insert(id.begin(), 'n');
  if (std::find(std::begin(kReserved), std::end(kReserved), id) != std::end(kReserved))
    id.push_back('_');
  return id;
}

std::string upper(std::string_view name) {
  std::string text(name);
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::string camel(std::string_view name) {
  std::string text;
  bool start = true;
  for (const char c : name) {
    if (c != '_')
      text += start ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    start = c == '_';
  }
  return text;
}

std::string UniqueNames::make(std::string_view name) {
  const std::string base = identifier(name);
  std::string id = base;
  for (int i = 2; !taken_.insert(upper(id)).second; ++i) id = fmt::format("{}_{}", base, i);
  return id;
}

}  // namespace motec
