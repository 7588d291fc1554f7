#include "driver/samples.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "eval/npy.h"
#include "import/tensor_reader.h"
#include "support/files.h"
#include "support/golden.h"

namespace motec::test {
namespace {

Tensor counting(const Shape& shape, float start = 0) {
  std::vector<float> values(static_cast<size_t>(element_count(shape)));
  for (float& value : values) value = start++;
  return f32_tensor(shape, values);
}

DataPorts two_inputs() {
  return {.inputs = {{"x", {.shape = {1, 2}}},
                     {"h", {.shape = {3}}, DataPort::Role::StateInput},
                     {"y:0", {.shape = {2, 2}}}},
          .outputs = {{"z", {.shape = {1}}}}};
}

TEST_CASE("several inputs by name") {
  const ScratchDirectory scratch;
  write_file(scratch / "a.npy", serialize_npy(counting({700, 2})));
  write_file(scratch / "b.npy", serialize_npy(counting({1400, 2})));
  const std::string a = (scratch / "a.npy").string(), b = (scratch / "b.npy").string();
  const Samples samples = open_samples({"x=" + a, "y_0=" + b}, two_inputs());
  REQUIRE(samples.count() == 700);
  CHECK(samples.name(699) == "a.npy b.npy[699]");
  const DataSet set = samples.read(699);
  REQUIRE(set.inputs.size() == 2);
  CHECK(set.inputs[0] == counting({1, 2}, 1398));
  CHECK(set.inputs[1] == counting({2, 2}, 2796));
  CHECK(set.outputs.empty());
  // What evaluation takes has the states, too.
  const std::vector<Tensor> operands = samples.operands(1);
  REQUIRE(operands.size() == 3);
  CHECK(operands[1] == Tensor::zeros(DType::F32, {3}));
  CHECK(operands[2] == counting({2, 2}, 4));
  CHECK(sample_files({"y_0=" + b, "x=" + a}) ==
        std::vector<std::filesystem::path>{scratch / "a.npy", scratch / "b.npy"});
}

TEST_CASE("several paths follow one another, and names may hold '='") {
  const ScratchDirectory scratch;
  const DataPorts ports{.inputs = {{"x", {.shape = {1, 2}}}}, .outputs = {}};
  write_file(scratch / "x=1.npy", serialize_npy(counting({3, 2})));
  write_file(scratch / "b.npy", serialize_npy(counting({1, 2}, 10)));
  const Samples samples =
      open_samples({(scratch / "x=1.npy").string(), (scratch / "b.npy").string()}, ports);
  REQUIRE(samples.count() == 4);
  CHECK(samples.name(2) == "x=1.npy[2]");
  CHECK(samples.read(2).inputs.at(0) == counting({1, 2}, 4));
  CHECK(samples.name(3) == "b.npy");
  CHECK(samples.read(3).inputs.at(0) == counting({1, 2}, 10));
}

TEST_CASE("arrays in Fortran order") {
  const ScratchDirectory scratch;
  std::string bytes = serialize_npy(counting({1024, 2}));
  const size_t at = bytes.find("False, ");
  bytes.replace(at, 7, "True,  ");
  write_file(scratch / "x.npy", bytes);
  const DataPorts ports{.inputs = {{"x", {.shape = {1, 2}}}}, .outputs = {}};
  const Samples samples = open_samples({(scratch / "x.npy").string()}, ports);
  REQUIRE(samples.count() == 1024);
  CHECK(samples.read(5).inputs.at(0) == f32_tensor({1, 2}, {5, 1029}));
}

}  // namespace
}  // namespace motec::test
