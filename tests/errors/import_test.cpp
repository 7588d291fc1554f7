// Files that are no models, broken graphs, open shapes, tensors that do not fit, external data.
#include <catch2/catch.hpp>
#include <fstream>

#include "import/onnx_reader.h"
#include "import/tensor_reader.h"
#include "support/error_case.h"
#include "support/files.h"
#include "support/golden.h"

namespace motec::test {
namespace {

namespace fs = std::filesystem;

std::string bytes_of_model() { return read_file(MOTE_MODELS_DIR "/digits/model.onnx"); }

TEST_CASE("files that are no models") {
  const auto refused = [](const char* name, const std::string& bytes) {
    INFO(name);
    CHECK(problem_of_error(name, [&] { import_onnx_bytes(bytes, {}, {}); }) == "");
  };
  refused("random_bytes", "this is text, and no protobuf message");
  refused("truncated", bytes_of_model().substr(0, 3000));
  refused("empty_file", "");
  refused("lfs_pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n");
  refused("other_message", onnx::TensorProto().SerializeAsString() + std::string("\x08\x01", 2));
  OnnxBuilder old(6);
  old.input("x", {1});
  old.node("Relu", {"x"}, {"y"});
  old.output("y");
  refused("old_opset", old.bytes());
}

TEST_CASE("files that cannot be read") {
  const ScratchDirectory scratch;
  CHECK(problem_of_error(
            "no_file", [&] { import_onnx(scratch / "none.onnx", {}); }, scratch.path()) == "");
  CHECK(problem_of_error(
            "directory_for_file", [&] { import_onnx(scratch.path(), {}); }, scratch.path()) == "");
  std::ofstream(scratch / "input_0.pb") << "\xff\xff\xff";
  CHECK(problem_of_error(
            "no_tensor_file", [&] { read_tensor_file(scratch / "input_0.pb"); }, scratch.path()) ==
        "");
}

void cycle(OnnxBuilder& b) {
  b.input("x", {4});
  b.node("Add", {"x", "c"}, {"a"});
  b.node("Relu", {"a"}, {"b"});
  b.node("Relu", {"b"}, {"c"});
  b.output("c");
}

void dangling_names(OnnxBuilder& b) {
  b.input("x", {4});
  b.node("Add", {"x", "nowhere"}, {"y"});
  b.node("Relu", {"nothing"}, {"z"});
  b.output("y");
  b.output("w");
}

void made_twice(OnnxBuilder& b) {
  b.input("x", {4});
  b.node("Relu", {"x"}, {"y"});
  b.node("Abs", {"x"}, {"y"});
  b.output("y");
}

void function_calls_itself(OnnxBuilder& b) {
  b.input("x", {4});
  onnx::FunctionProto& f = b.function("F", {"p"}, {"q"});
  fill_node(f.add_node(), "F", {"p"}, {"r"}).set_domain("local");
  fill_node(f.add_node(), "F", {"r"}, {"q"}).set_domain("local");
  b.node("F", {"x"}, {"y"}).set_domain("local");
  b.output("y");
}

// Each function calls the next one twice: 2^40 nodes.
void functions_explode(OnnxBuilder& b) {
  b.input("x", {4});
  for (int i = 0; i < 40; ++i) {
    onnx::FunctionProto& f = b.function("F" + std::to_string(i), {"p"}, {"q"});
    const std::string inner = i < 39 ? "F" + std::to_string(i + 1) : "Relu";
    fill_node(f.add_node(), inner, {"p"}, {"r"}).set_domain(i < 39 ? "local" : "");
    fill_node(f.add_node(), inner, {"r"}, {"q"}).set_domain(i < 39 ? "local" : "");
  }
  b.node("F0", {"x"}, {"y"}).set_domain("local");
  b.output("y");
}

void function_result_missing(OnnxBuilder& b) {
  b.input("x", {4});
  onnx::FunctionProto& f = b.function("F", {"p"}, {"q"});
  fill_node(f.add_node(), "Relu", {"p"}, {"q"});
  b.node("F", {"x"}, {"y", "z"}).set_domain("local");
  b.output("z");
}

// The function's result is an operand that the call leaves out.
void function_result_absent(OnnxBuilder& b) {
  b.input("x", {4});
  onnx::FunctionProto& f = b.function("F", {"p", "o"}, {"o"});
  fill_node(f.add_node(), "Relu", {"p"}, {"q"});
  b.node("F", {"x"}, {"y"}).set_domain("local");
  b.output("y");
}

void open_dimensions(OnnxBuilder& b) {
  b.input("x", {"batch", 3, "", "width"});
  b.node("Relu", {"x"}, {"y"});
  b.output("y");
}

void no_shape(OnnxBuilder& b) {
  b.input("x", {});
  b.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  b.node("Relu", {"x"}, {"y"});
  b.output("y");
}

void input_no_tensor(OnnxBuilder& b) {
  b.input("x", {4});
  b.graph().mutable_input(0)->mutable_type()->mutable_sequence_type();
  b.node("Relu", {"x"}, {"y"});
  b.output("y");
}

void negative_dimension(OnnxBuilder& b) {
  b.input("x", {1, -4});
  b.node("Relu", {"x"}, {"y"});
  b.output("y");
}

void huge_dimensions(OnnxBuilder& b) {
  b.input("x", {int64_t{1} << 40, int64_t{1} << 40});
  b.node("Relu", {"x"}, {"y"});
  b.output("y");
}

// 0 elements, but their strides do not fit 64 bits.
void huge_empty(OnnxBuilder& b) {
  b.input("x", {0, int64_t{1} << 40, int64_t{1} << 40});
  b.node("Relu", {"x"}, {"y"});
  b.output("y");
}

void huge_result(OnnxBuilder& b) {
  b.input("x", {1 << 16, 1});
  b.input("y", {1, 1 << 16});
  b.node("Add", {"x", "y"}, {"z"});
  b.output("z");
}

void output_type(OnnxBuilder& b) {
  b.input("x", {4});
  b.node("Relu", {"x"}, {"y"});
  b.output("y", onnx::TensorProto::INT64);
}

void element_type(OnnxBuilder& b) {
  b.input("x", {4}, onnx::TensorProto::STRING);
  b.node("Identity", {"x"}, {"y"});
  b.output("y", onnx::TensorProto::STRING);
}

// All of them are named at once; what depends on them is not.
void unsupported_operators(OnnxBuilder& b) {
  b.input("x", {4});
  b.node("StringNormalizer", {"x"}, {"a"});
  b.node("Relu", {"a"}, {"b"});
  b.node("Fantasy", {"x"}, {"c"}).set_domain("com.example");
  b.node("Scan", {"b"}, {"d"});
  b.node("Add", {"d", "c"}, {"y"});
  b.output("y");
}

void condition_at_run_time(OnnxBuilder& b) {
  b.input("x", {}, onnx::TensorProto::BOOL);
  onnx::GraphProto body;
  fill_node(body.add_node(), "Not", {"x"}, {"z"});
  body.add_output()->set_name("z");
  onnx::NodeProto& node = b.node("If", {"x"}, {"y"});
  set(node, "then_branch", body);
  set(node, "else_branch", body);
  b.output("y", onnx::TensorProto::BOOL);
}

onnx::NodeProto& constant_if(OnnxBuilder& b) {
  b.floats("c", {}, {1});
  b.input("x", {4});
  b.node("Cast", {"c"}, {"condition"});
  set(*b.graph().mutable_node(0), "to", int64_t{onnx::TensorProto::BOOL});
  b.output("y");
  return b.node("If", {"condition"}, {"y"});
}

void branch_missing(OnnxBuilder& b) { constant_if(b); }

void branch_with_input(OnnxBuilder& b) {
  onnx::GraphProto body;
  body.add_input()->set_name("q");
  fill_node(body.add_node(), "Relu", {"q"}, {"z"});
  body.add_output()->set_name("z");
  set(constant_if(b), "then_branch", body);
}

void branch_without_result(OnnxBuilder& b) {
  onnx::GraphProto body;
  fill_node(body.add_node(), "Relu", {"x"}, {"z"});
  set(constant_if(b), "then_branch", body);
}

void operand_missing(OnnxBuilder& b) {
  b.input("x", {4});
  b.node("Add", {"x"}, {"y"});
  b.output("y");
}

void shape_at_run_time(OnnxBuilder& b) {
  b.input("x", {4});
  b.input("shape", {2}, onnx::TensorProto::INT64);
  b.node("Reshape", {"x", "shape"}, {"y"});
  b.output("y");
}

void attribute_type(OnnxBuilder& b) {
  b.input("x", {4, 4});
  set(b.node("Softmax", {"x"}, {"y"}), "axis", 1.0f);
  b.output("y");
}

void attribute_missing(OnnxBuilder& b) {
  b.input("x", {4});
  b.node("Cast", {"x"}, {"y"});
  b.output("y");
}

void unsupported_variant(OnnxBuilder& b) {
  b.input("x", {1, 1, 4, 4, 4});
  b.floats("w", {1, 1, 1, 1, 1}, {1});
  b.node("Conv", {"x", "w"}, {"y"});
  b.output("y");
}

void tensor_too_short(OnnxBuilder& b) {
  b.floats("w", {2, 3}, {1, 2, 3});
  b.output("w");
}

void tensor_raw_too_long(OnnxBuilder& b) {
  b.floats("w", {2}, {}).set_raw_data(std::string(12, '\0'));
  b.output("w");
}

void tensor_huge(OnnxBuilder& b) {
  b.floats("w", {1 << 14, 1 << 14}, {1});
  b.output("w");
}

void tensor_negative(OnnxBuilder& b) {
  b.floats("w", {-1}, {1});
  b.output("w");
}

void tensor_segmented(OnnxBuilder& b) {
  b.floats("w", {1}, {1}).mutable_segment()->set_begin(0);
  b.output("w");
}

void sparse(OnnxBuilder& b, const std::vector<int64_t>& indices) {
  onnx::SparseTensorProto& tensor = *b.graph().add_sparse_initializer();
  tensor.add_dims(4);
  tensor.add_dims(4);
  onnx::TensorProto& values = *tensor.mutable_values();
  values.set_name("w");
  values.set_data_type(onnx::TensorProto::FLOAT);
  values.add_dims(1);
  values.add_float_data(1);
  onnx::TensorProto& at = *tensor.mutable_indices();
  at.set_data_type(onnx::TensorProto::INT64);
  at.add_dims(1);
  at.add_dims(static_cast<int64_t>(indices.size()));
  for (const int64_t index : indices) at.add_int64_data(index);
  b.output("w");
}
void sparse_outside(OnnxBuilder& b) { sparse(b, {0, 16}); }
void sparse_overflows(OnnxBuilder& b) { sparse(b, {int64_t{1} << 62, 0}); }
void sparse_rank(OnnxBuilder& b) { sparse(b, {0, 0, 0}); }

TEST_CASE("models that are refused") {
  const ModelCase c = GENERATE(values<ModelCase>({
      {"cycle", cycle},
      {"dangling_names", dangling_names},
      {"made_twice", made_twice},
      {"function_calls_itself", function_calls_itself},
      {"functions_explode", functions_explode},
      {"function_result_missing", function_result_missing},
      {"function_result_absent", function_result_absent},
      {"open_dimensions", open_dimensions},
      {"no_shape", no_shape},
      {"input_no_tensor", input_no_tensor},
      {"negative_dimension", negative_dimension},
      {"huge_dimensions", huge_dimensions},
      {"huge_empty", huge_empty},
      {"huge_result", huge_result},
      {"output_type", output_type},
      {"element_type", element_type},
      {"unsupported_operators", unsupported_operators},
      {"condition_at_run_time", condition_at_run_time},
      {"branch_missing", branch_missing},
      {"branch_with_input", branch_with_input},
      {"branch_without_result", branch_without_result},
      {"operand_missing", operand_missing},
      {"shape_at_run_time", shape_at_run_time},
      {"attribute_type", attribute_type},
      {"attribute_missing", attribute_missing},
      {"unsupported_variant", unsupported_variant},
      {"tensor_too_short", tensor_too_short},
      {"tensor_raw_too_long", tensor_raw_too_long},
      {"tensor_huge", tensor_huge},
      {"tensor_negative", tensor_negative},
      {"tensor_segmented", tensor_segmented},
      {"sparse_outside", sparse_outside},
      {"sparse_overflows", sparse_overflows},
      {"sparse_rank", sparse_rank},
  }));
  INFO(c.name);
  CHECK(problem_of_model(c) == "");
}

TEST_CASE("options that do not fit the model") {
  OnnxBuilder b;
  b.input("x", {"n", 3});
  b.node("Relu", {"x"}, {"y"});
  b.output("y");
  const auto refused = [&b](const char* name, const ImportOptions& options) {
    INFO(name);
    CHECK(problem_of_error(name, [&] { import_onnx_bytes(b.bytes(), {}, options); }) == "");
  };
  const Tensor tensor = Tensor::zeros(DType::S64, {2, 3});
  refused("input_shape_rank", {.input_shapes = {{"x", {1, 2, 3}}}, .input_values = {}});
  refused("input_shape_dimension", {.input_shapes = {{"x", {1, 4}}}, .input_values = {}});
  refused("input_shape_name", {.input_shapes = {{"x", {1, 3}}, {"z", {1}}}, .input_values = {}});
  refused("input_value_type", {.input_shapes = {{"x", {2, 3}}}, .input_values = {{"x", tensor}}});
}

TEST_CASE("external data") {
  const ScratchDirectory scratch;
  const fs::path dir = scratch / "model";
  fs::create_directories(dir / "folder");
  std::ofstream(scratch / "secret.bin") << "0123456789abcdef";
  std::ofstream(dir / "data.bin") << "0123456789abcdef";
  fs::create_symlink(scratch / "secret.bin", dir / "link.bin");
  fs::create_directory_symlink(scratch.path(), dir / "up");

  const auto import = [&](const std::string& location, const std::string& offset,
                          const std::string& length) {
    OnnxBuilder b;
    onnx::TensorProto& tensor = b.external("w", {4}, location);
    for (const auto& [key, value] : {std::pair("offset", offset), std::pair("length", length)}) {
      if (value.empty()) continue;
      auto& entry = *tensor.add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    }
    b.output("w");
    return import_onnx_bytes(b.bytes(), dir, {});
  };
  CHECK_NOTHROW(import("data.bin", "", ""));
  CHECK_NOTHROW(import("folder/../data.bin", "0", "16"));

  struct Case {
    const char *name, *location, *offset, *length;
  };
  const std::string absolute = (scratch / "secret.bin").string();
  const Case cases[] = {
      {"external_above", "../secret.bin", "", ""},
      {"external_absolute", absolute.c_str(), "", ""},
      {"external_symlink", "link.bin", "", ""},
      {"external_symlinked_folder", "up/secret.bin", "", ""},
      {"external_no_location", "", "", ""},
      {"external_no_file", "none.bin", "", ""},
      {"external_folder", "folder", "", ""},
      {"external_offset_beyond", "data.bin", "17", ""},
      {"external_length_beyond", "data.bin", "8", "16"},
      {"external_length_overflows", "data.bin", "8", "9223372036854775807"},
      {"external_offset_no_number", "data.bin", "-8", ""},
      {"external_too_short", "data.bin", "4", "12"},
  };
  for (const Case& c : cases) {
    INFO(c.name);
    CHECK(problem_of_error(
              c.name, [&] { import(c.location, c.offset, c.length); }, scratch.path()) == "");
  }
}

}  // namespace
}  // namespace motec::test
