#include "codegen/bundle.h"

#include <algorithm>
#include <set>

#include "codegen/emit.h"
#include "codegen/render.h"
#include "support/diag.h"
#include "support/resources.h"
#include "support/text.h"

namespace motec {
namespace {

// "isa/neon.h" + "../config.h" -> "config.h"
std::string resolve_include(const std::string& from, const std::string& include) {
  std::vector<std::string> parts = split(from, '/');
  parts.pop_back();
  for (const std::string& part : split(include, '/')) {
    if (part == "..") {
      parts.pop_back();
    } else {
      parts.push_back(part);
    }
  }
  return fmt::format("{}", fmt::join(parts, "/"));
}

std::vector<std::string> includes_of(const std::string& header) {
  constexpr std::string_view kInclude = "#include \"";
  std::vector<std::string> names;
  for (const std::string& line : split(resource("runtime/mote/" + header), '\n')) {
    if (line.rfind(kInclude, 0) != 0) continue;
    const size_t end = line.find('"', kInclude.size());
    names.push_back(resolve_include(header, line.substr(kInclude.size(), end - kInclude.size())));
  }
  return names;
}

}  // namespace

std::vector<std::string> header_closure(const std::vector<std::string>& roots) {
  std::set<std::string> seen;
  std::vector<std::string> pending = roots;
  while (!pending.empty()) {
    const std::string header = pending.back();
    pending.pop_back();
    if (!seen.insert(header).second) continue;
    for (const std::string& include : includes_of(header)) pending.push_back(include);
  }
  return {seen.begin(), seen.end()};
}

Files make_bundle(const Program& program, const std::string& source) {
  Files files;
  const TemplateData data = model_data(program, source);
  files[program.name + ".h"] = render("model.h.in", data);
  files[program.name + ".cpp"] = render("model.cpp.in", data);
  files[program.name + "_weights.cpp"] = render("weights.cpp.in", weights_data(program, source));
  for (const std::string& header : header_closure(headers_of(program)))
    files["mote/" + header] = resource("runtime/mote/" + header);
  return files;
}

}  // namespace motec
