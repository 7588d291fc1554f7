// Shapes of a model's inputs, with what the user binds open dimensions to.
#pragma once
#include <map>
#include <string>

#include "ir/type.h"

namespace onnx {
class ValueInfoProto;
}

namespace motec {

class InputShapes {
 public:
  // `given` are shapes by input name.
  explicit InputShapes(const std::map<std::string, Shape>& given) : given_(given) {}

  // The shape of an input. A dimension that the user gives also binds its symbol, in the inputs
  // that are asked for later. Fails with E2020 where a dimension stays open, and with E2021 where
  // the user's shape does not fit.
  Shape bind(const onnx::ValueInfoProto& info);

 private:
  const std::map<std::string, Shape>& given_;
  std::map<std::string, int64_t> symbols_;
};

}  // namespace motec
