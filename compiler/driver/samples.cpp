#include "driver/samples.h"

#include <cmath>

#include "driver/sample_source.h"
#include "support/diag.h"

namespace motec {
namespace {

using Role = DataPort::Role;

void check_finite(const Tensor& tensor, const DataPort& port, const std::string& sample) {
  if (!is_float(tensor.dtype)) return;
  const std::vector<double> values = to_doubles(tensor);
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    Shape index;
    int64_t rest = static_cast<int64_t>(i);
    for (const int64_t stride : strides_of(tensor.shape)) {
      index.push_back(rest / stride);
      rest %= stride;
    }
    fail({.code = "E5033",
          .message = fmt::format("'{}' is {} at {}", port.name,
                                 std::isnan(values[i]) ? "NaN" : "infinite", to_string(index)),
          .where = sample,
          .hint = "ranges cannot be measured with such values: repair or drop the sample"});
  }
}

}  // namespace

Samples::Place Samples::place(int64_t index) const {
  internal_check(index >= 0 && index < count_, "sample {} of {}", index, count_);
  for (const auto& source : sources_) {
    if (index < source->count()) return {source.get(), index};
    index -= source->count();
  }
  internal_check(false, "samples are miscounted");
  return {};
}

std::string Samples::name(int64_t index) const {
  const Place at = place(index);
  return at.source->name(at.index);
}

DataSet Samples::read(int64_t index) const {
  const Place at = place(index);
  DataSet set = at.source->read(at.index);
  if (options_.values == SampleOptions::Values::Finite) {
    size_t next = 0;
    for (const DataPort& port : ports_.inputs)
      if (port.role == Role::Given) check_finite(set.inputs.at(next++), port, set.name);
  }
  return set;
}

std::vector<Tensor> Samples::operands(int64_t index) const {
  return motec::operands(read(index), ports_);
}

std::vector<Tensor> operands(DataSet set, const DataPorts& ports) {
  std::vector<Tensor> tensors;
  size_t next = 0;
  for (const DataPort& port : ports.inputs) {
    if (port.role == Role::Given) tensors.push_back(std::move(set.inputs.at(next++)));
    if (port.role == Role::StateInput)
      tensors.push_back(Tensor::zeros(port.type.dtype, port.type.shape));
  }
  return tensors;
}

}  // namespace motec
