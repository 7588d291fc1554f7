#include "support/diag.h"

namespace motec {

CompileError::CompileError(std::vector<Diag> diags) : diags_(std::move(diags)) { render(); }

void CompileError::add_context(std::string doing) {
  context_.push_back(std::move(doing));
  render();
}

void CompileError::render() {
  text_.clear();
  for (const Diag& diag : diags_) {
    text_ += fmt::format("error[{}]: {}\n", diag.code, diag.message);
    if (!diag.where.empty()) text_ += fmt::format("  where: {}\n", diag.where);
    for (const std::string& why : diag.why) text_ += fmt::format("  why:   {}\n", why);
    if (!diag.hint.empty()) text_ += fmt::format("  hint:  {}\n", diag.hint);
  }
  for (const std::string& doing : context_) text_ += fmt::format("  while {}\n", doing);
}

void fail(Diag diag) { throw CompileError({std::move(diag)}); }

void internal_error(const char* file, int line, const std::string& message) {
  const std::string_view path = file;
  const size_t slash = path.find_last_of('/');
  const std::string_view name = slash == path.npos ? path : path.substr(slash + 1);
  throw InternalError(fmt::format("this is a bug in motec: {} ({}:{})", message, name, line));
}

}  // namespace motec
