#include "codegen/render.h"

#include "support/diag.h"
#include "support/resources.h"

namespace motec {

std::string render(std::string_view template_name, TemplateData data) {
  kainjow::mustache::mustache text{
      std::string(resource(fmt::format("templates/{}", template_name)))};
  internal_check(text.is_valid(), "template {}: {}", template_name, text.error_message());
  text.set_custom_escape([](const std::string& s) { return s; });
  return text.render(data);
}

}  // namespace motec
