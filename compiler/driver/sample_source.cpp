#include "driver/sample_source.h"

#include <algorithm>

#include "support/diag.h"

namespace motec {
namespace {

using Role = DataPort::Role;

// A test cannot set the state: it begins with a reset.
void check_state(const Series& series, const DataPort& port, const std::string& file) {
  if (port.role != Role::StateInput) return;
  for (int64_t i = 0; i < series.count(); ++i) {
    const Tensor tensor = series.read(i);
    if (std::all_of(tensor.bytes.begin(), tensor.bytes.end(),
                    [](std::byte b) { return b == std::byte{0}; }))
      continue;
    fail({.code = "E5028",
          .message = fmt::format("'{}' is a state, which starts at zeros, but the data have others",
                                 port.name),
          .where = file});
  }
}

// The columns of the ports that data give, in the order of the ports.
std::vector<SeriesPtr> given(const SampleSource::Columns& columns,
                             const std::vector<DataPort>& ports) {
  std::vector<SeriesPtr> found;
  for (const DataPort& port : ports)
    if (port.role == Role::Given && columns.count(&port)) found.push_back(columns.at(&port));
  return found;
}

}  // namespace

SampleSource::SampleSource(Columns columns, const DataPorts& ports, std::string name)
    : inputs_(given(columns, ports.inputs)),
      outputs_(given(columns, ports.outputs)),
      name_(std::move(name)) {
  std::string missing;
  for (const DataPort& port : ports.inputs)
    if (port.role == Role::Given && !columns.count(&port))
      missing += (missing.empty() ? "'" : ", '") + port.name + "'";
  if (!missing.empty()) {
    fail({.code = "E5021",
          .message = fmt::format("{} has no data for input {}", name_, missing),
          .hint = fmt::format("the inputs are: {}", names_of(ports.inputs))});
  }
  const auto expected =
      std::count_if(ports.outputs.begin(), ports.outputs.end(),
                    [](const DataPort& port) { return port.role == Role::Given; });
  if (!outputs_.empty() && std::ssize(outputs_) != expected) {
    fail({.code = "E5022",
          .message = fmt::format("{} has expected values for {} of {} outputs", name_,
                                 outputs_.size(), expected),
          .hint = fmt::format("give all or none of: {}", names_of(ports.outputs))});
  }
  count_ = -1;
  for (const std::vector<DataPort>* list : {&ports.inputs, &ports.outputs}) {
    for (const DataPort& port : *list) {
      const auto it = columns.find(&port);
      if (it == columns.end()) continue;
      check_state(*it->second, port, name_);
      if (port.role != Role::Given) continue;
      const int64_t n = it->second->count();
      if (count_ >= 0 && n != count_) {
        fail({.code = "E5023",
              .message = fmt::format("{}: '{}' has {} samples, others have {}", name_, port.name, n,
                                     count_)});
      }
      count_ = n;
    }
  }
  if (count_ < 0) count_ = 1;  // a model without inputs
}

std::string SampleSource::name(int64_t index) const {
  for (const SeriesPtr& series : inputs_)
    if (std::string known = series->name(index); !known.empty()) return known;
  return count_ > 1 ? fmt::format("{}[{}]", name_, index) : name_;
}

DataSet SampleSource::read(int64_t index) const {
  DataSet set{.name = name(index)};
  for (const SeriesPtr& series : inputs_) set.inputs.push_back(series->read(index));
  for (const SeriesPtr& series : outputs_) set.outputs.push_back(series->read(index));
  return set;
}

}  // namespace motec
