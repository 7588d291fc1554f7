// What the templates of a model are filled with.
#pragma once
#include <string>
#include <vector>

#include "codegen/render.h"
#include "plan/program.h"

namespace motec {

TemplateData model_data(const Program& program, const std::string& source);
TemplateData weights_data(const Program& program, const std::string& source);

// The runtime headers that NAME.cpp includes, sorted, below mote/.
std::vector<std::string> headers_of(const Program& program);

// The elements of a tensor as a C initializer list, several to a line.
std::string initializer(const Tensor& tensor);

}  // namespace motec
