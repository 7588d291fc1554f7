// Templates: files of templates/ with {{names}} and {{#lists}}, no logic. A thin layer over
// kainjow::mustache that never escapes.
#pragma once
#include <kainjow/mustache.hpp>
#include <string>
#include <string_view>

namespace motec {

using TemplateData = kainjow::mustache::data;
using TemplateList = kainjow::mustache::list;
using TemplateObject = kainjow::mustache::object;

// "model.h.in" with the data filled in.
std::string render(std::string_view template_name, TemplateData data);

}  // namespace motec
