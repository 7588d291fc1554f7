#include "driver/dataset.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "eval/npy.h"
#include "import/tensor_reader.h"
#include "support/diag.h"
#include "support/files.h"

namespace motec {
namespace {

using Role = DataPort::Role;
namespace fs = std::filesystem;

// A folder with files, removed at the end.
struct Folder {
  fs::path path = fs::temp_directory_path() / "mote_dataset_test";
  Folder() {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  void pb(const std::string& name, const Tensor& tensor) const {
    write_file(path / name, serialize_tensor(tensor, "t"));
  }
  void npy(const std::string& name, const Tensor& tensor) const {
    write_file(path / name, serialize_npy(tensor));
  }
};

Tensor counting(const Shape& shape, float start = 0) {
  std::vector<float> values(static_cast<size_t>(element_count(shape)));
  for (float& value : values) value = start++;
  return f32_tensor(shape, values);
}

DataPorts one_input(const Shape& in = {1, 2}) {
  return {.inputs = {{"x", {.shape = in}}}, .outputs = {{"y:0", {.shape = {1, 3}}}}};
}

std::string code_of(const fs::path& data, const DataPorts& ports) {
  try {
    read_data(data, ports);
  } catch (const CompileError& error) {
    return error.diags().at(0).code;
  }
  return "none";
}

TEST_CASE("the layout of ONNX's backend tests") {
  const Folder folder;
  for (const std::string set : {"test_data_set_10", "test_data_set_2"}) {
    folder.pb(set + "/input_0.pb", counting({1, 2}, set == "test_data_set_2" ? 2.f : 10.f));
    folder.pb(set + "/output_0.pb", counting({1, 3}));
  }
  const std::vector<DataSet> sets = read_data(folder.path, one_input());
  REQUIRE(sets.size() == 2);
  CHECK(sets[0].name == "test_data_set_2");  // by number, not by letter
  CHECK(sets[0].inputs.at(0) == counting({1, 2}, 2));
  CHECK(sets[1].inputs.at(0) == counting({1, 2}, 10));
  CHECK(sets[1].outputs.at(0) == counting({1, 3}));
  CHECK(sample_files({folder.path.string()}).size() == 4);

  SECTION("one set alone") {
    CHECK(read_data(folder.path / "test_data_set_10", one_input()).size() == 1);
  }
  SECTION("frozen inputs keep their positions") {
    DataPorts ports = one_input();
    ports.inputs.insert(ports.inputs.begin(), {"axes", {}, Role::Frozen});
    folder.pb("test_data_set_2/input_1.pb", counting({1, 2}, 5));
    folder.pb("test_data_set_10/input_1.pb", counting({1, 2}, 6));
    CHECK(read_data(folder.path, ports).at(1).inputs.at(0) == counting({1, 2}, 6));
  }
  SECTION("a file beyond the inputs") {
    folder.pb("test_data_set_2/input_7.pb", counting({1, 2}));
    CHECK(code_of(folder.path, one_input()) == "E5026");
  }
  SECTION("a wrong shape") {
    folder.pb("test_data_set_2/input_0.pb", counting({2, 2}));
    CHECK(code_of(folder.path, one_input()) == "E5020");
  }
}

TEST_CASE("arrays are split along their samples") {
  const Folder folder;
  folder.npy("a.npy", counting({3, 1, 2}));
  folder.npy("b.npy", counting({3, 2}));
  for (const std::string name : {"a.npy", "b.npy"}) {
    const std::vector<DataSet> sets = read_data(folder.path / name, one_input());
    REQUIRE(sets.size() == 3);
    CHECK(sets[2].inputs.at(0) == counting({1, 2}, 4));
    CHECK(sets[2].outputs.empty());
    CHECK(sets[2].name == name + "[2]");
  }
  CHECK(read_data(folder.path, one_input()).size() == 6);
  CHECK(code_of(folder.path / "b.npy", one_input({2, 2})) == "E5020");
  folder.npy("b.npy", Tensor::zeros(DType::F64, {1, 2}));
  CHECK(code_of(folder.path / "b.npy", one_input()) == "E5020");
}

TEST_CASE("arrays named after inputs and outputs make one set") {
  const Folder folder;
  folder.npy("x.npy", counting({1, 2}));
  folder.npy("y_0.npy", counting({1, 3}));  // the identifier of "y:0"
  const std::vector<DataSet> sets = read_data(folder.path, one_input());
  REQUIRE(sets.size() == 1);
  CHECK(sets[0].outputs.at(0) == counting({1, 3}));
  DataPorts two = one_input();
  two.inputs.push_back({"z", {.shape = {4}}});
  CHECK(code_of(folder.path, two) == "E5021");
  CHECK(code_of(folder.path / "x.npy", two) == "E5025");
  folder.npy("z.npy", counting({2, 4}));
  CHECK(code_of(folder.path, two) == "E5023");
}

TEST_CASE("states start at zeros") {
  const Folder folder;
  DataPorts ports = one_input();
  ports.inputs.push_back({"h", {.shape = {2}}, Role::StateInput});
  ports.outputs.push_back({"h_out", {.shape = {2}}, Role::StateOutput});
  folder.npy("x.npy", counting({1, 2}));
  CHECK(read_data(folder.path, ports).at(0).inputs.size() == 1);
  folder.npy("h.npy", Tensor::zeros(DType::F32, {2}));
  CHECK(read_data(folder.path, ports).at(0).inputs.size() == 1);
  folder.npy("h.npy", counting({2}, 1));
  CHECK(code_of(folder.path, ports) == "E5028");
}

TEST_CASE("what holds no data is an error") {
  const Folder folder;
  CHECK(code_of(folder.path, one_input()) == "E5027");
  CHECK(code_of(folder.path / "absent", one_input()) == "E1001");
  write_file(folder.path / "x.txt", "text");
  CHECK(code_of(folder.path / "x.txt", one_input()) == "E5027");
  write_file(folder.path / "input_0.pb", "no tensor");
  CHECK(code_of(folder.path, one_input()) == "E5002");
}

}  // namespace
}  // namespace motec
