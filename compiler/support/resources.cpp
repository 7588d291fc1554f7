#include "support/resources.h"

#include "support/diag.h"

namespace motec {

std::string_view resource(std::string_view path) {
  for (const Resource& r : all_resources())
    if (r.path == path) return r.text;
  internal_error(__FILE__, __LINE__, fmt::format("there is no resource '{}'", path));
}

}  // namespace motec
