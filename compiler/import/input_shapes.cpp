#include "import/input_shapes.h"

#include <onnx/onnx_pb.h>

#include <vector>

#include "support/diag.h"

namespace motec {

Shape InputShapes::bind(const onnx::ValueInfoProto& info) {
  const auto& proto = info.type().tensor_type();
  const auto given = given_.find(info.name());
  const bool is_given = given != given_.end();
  if (!proto.has_shape()) {
    if (is_given) return given->second;
    fail({.code = "E2020",
          .message = fmt::format("input '{}' has no shape", info.name()),
          .hint = fmt::format("give one: --input-shape {}=1,…", info.name())});
  }
  if (is_given && std::ssize(given->second) != proto.shape().dim_size()) {
    fail({.code = "E2021",
          .message = fmt::format("input '{}' has {} dimensions, but --input-shape gives {}",
                                 info.name(), proto.shape().dim_size(), given->second.size())});
  }
  Shape shape;
  std::vector<std::string> open;
  for (int i = 0; i < proto.shape().dim_size(); ++i) {
    const auto& dim = proto.shape().dim(i);
    const int64_t wanted = is_given ? given->second[static_cast<size_t>(i)] : -1;
    if (dim.has_dim_value()) {
      if (is_given && wanted != dim.dim_value()) {
        fail({.code = "E2021",
              .message = fmt::format("dimension {} of input '{}' is {}, but --input-shape gives {}",
                                     i, info.name(), dim.dim_value(), wanted)});
      }
      shape.push_back(dim.dim_value());
    } else if (is_given) {
      shape.push_back(wanted);
      if (dim.has_dim_param() && !dim.dim_param().empty()) symbols_[dim.dim_param()] = wanted;
    } else if (dim.has_dim_param() && symbols_.count(dim.dim_param())) {
      shape.push_back(symbols_[dim.dim_param()]);
    } else {
      shape.push_back(0);
      open.push_back(dim.has_dim_param() && !dim.dim_param().empty()
                         ? fmt::format("{} ('{}')", i, dim.dim_param())
                         : fmt::format("{}", i));
    }
  }
  if (!open.empty()) {
    std::string example;
    for (int i = 0; i < proto.shape().dim_size(); ++i) {
      const auto& dim = proto.shape().dim(i);
      example += fmt::format("{}{}", i ? "," : "", dim.has_dim_value() ? dim.dim_value() : 1);
    }
    fail({.code = "E2020",
          .message =
              fmt::format("input '{}' has open dimensions: {}", info.name(), fmt::join(open, ", ")),
          .why = {"shapes and memory are fixed when the model is compiled"},
          .hint = fmt::format("bind them: --input-shape {}={}", info.name(), example)});
  }
  return shape;
}

}  // namespace motec
