#include "eval/npy.h"

#include <zip.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/diag.h"
#include "support/files.h"

namespace motec {
namespace {

// A version 1 file with any header and data.
std::string npy(const std::string& header, const std::string& data) {
  std::string bytes("\x93NUMPY\x01\0", 8);
  bytes += static_cast<char>(header.size() & 0xff);
  bytes += static_cast<char>(header.size() >> 8);
  return bytes + header + data;
}

std::string header(const std::string& descr, const std::string& shape,
                   const std::string& fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
}

std::string bytes_of(const std::vector<int16_t>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * 2};
}

std::string code_of(const std::string& bytes) {
  try {
    parse_npy(bytes, "x.npy");
  } catch (const CompileError& error) {
    CHECK(error.diags().at(0).message.find("x.npy") != std::string::npos);
    return error.diags().at(0).code;
  }
  return "none";
}

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / "mote_npy_test";
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

void write_zip(const std::filesystem::path& path,
               const std::vector<std::pair<std::string, std::string>>& entries) {
  zip_t* zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  REQUIRE(zip);
  for (const auto& [name, text] : entries) {
    zip_source_t* source = zip_source_buffer(zip, text.data(), text.size(), 0);
    REQUIRE(zip_file_add(zip, name.c_str(), source, 0) >= 0);
  }
  REQUIRE(zip_close(zip) == 0);
}

TEST_CASE("arrays of every type survive a round trip") {
  for (const DType dtype :
       {DType::Bool, DType::S8, DType::U8, DType::S16, DType::U16, DType::S32, DType::U32,
        DType::S64, DType::U64, DType::F16, DType::BF16, DType::F32, DType::F64}) {
    for (const Shape& shape : {Shape{}, Shape{5}, Shape{2, 3}, Shape{4, 0, 2}}) {
      Tensor tensor = Tensor::zeros(dtype, shape);
      for (size_t i = 0; i < tensor.bytes.size(); ++i) tensor.bytes[i] = static_cast<std::byte>(i);
      const std::string bytes = serialize_npy(tensor);
      CHECK((bytes.size() - tensor.bytes.size()) % 64 == 0);
      CHECK(parse_npy(bytes, "x.npy") == tensor);
    }
  }
}

TEST_CASE("headers are read as NumPy writes them") {
  const Tensor expected = Tensor::of<int16_t>(DType::S16, {2, 3}, {1, 2, 3, 4, 5, 6});
  const std::string data = bytes_of({1, 2, 3, 4, 5, 6});
  CHECK(parse_npy(npy(header("<i2", "(2, 3)"), data), "x") == expected);
  CHECK(parse_npy(npy(header("=i2", "(2L, 3L)"), data), "x") == expected);
  CHECK(parse_npy(npy("{\"shape\":(2,3),\"descr\":\"<i2\",\"fortran_order\":False}", data), "x") ==
        expected);
  CHECK(parse_npy(npy(header("<i2", "(2, 3)", "True"), bytes_of({1, 4, 2, 5, 3, 6})), "x") ==
        expected);
  std::string version2("\x93NUMPY\x02\0", 8);
  const std::string text = header("<i2", "(2, 3)");
  version2 += std::string(1, static_cast<char>(text.size())) + std::string(3, '\0');
  CHECK(parse_npy(version2 + text + data, "x") == expected);
}

TEST_CASE("what is no array of numbers is refused") {
  CHECK(code_of("") == "E5010");
  CHECK(code_of("PK\x03\x04 something else") == "E5010");
  CHECK(code_of(npy("", "")) == "E5010");
  CHECK(code_of(npy("{'descr': '<f4'}", "")) == "E5010");
  CHECK(code_of(npy(header("<f4", "7"), "")) == "E5010");
  CHECK(code_of(npy(header("<f4", "(-1,)"), "")) == "E5010");
  CHECK(code_of(npy(header("<f4", "(1x,)"), "")) == "E5010");
  CHECK(code_of(npy(header("<f4", "(1,)", "Maybe"), "1234")) == "E5010");
  CHECK(code_of(npy(header(">f4", "(1,)"), "1234")) == "E5011");
  CHECK(code_of(npy(header("|O", "(1,)"), "12345678")) == "E5011");
  CHECK(code_of(npy(header("<c8", "(1,)"), "12345678")) == "E5011");
  CHECK(code_of(npy(header("", "(1,)"), "1234")) == "E5011");
  CHECK(code_of(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "1234")) ==
        "E5011");
  CHECK(code_of(npy(header("<f4", "(99999999999999999999,)"), "")) == "E5010");
  CHECK(code_of(npy(header("<f4", "(4294967296, 4294967296, 4)"), "")) == "E5012");
  CHECK(code_of(npy(header("<f4", "(3,)"), "12345678")) == "E5013");
}

TEST_CASE("a file that is cut anywhere is an error, not a crash") {
  const std::string whole = serialize_npy(f32_tensor({3}, {1, 2, 3}));
  for (size_t n = 0; n < whole.size(); ++n) CHECK(code_of(whole.substr(0, n)) != "none");
}

TEST_CASE("archives give their arrays by name") {
  const Folder folder;
  const Tensor a = f32_tensor({2}, {1, 2}), b = s64_tensor({}, {7});
  write_zip(folder.path / "x.npz", {{"b.npy", serialize_npy(b)}, {"in/a.npy", serialize_npy(a)}});
  const auto arrays = read_npz(folder.path / "x.npz");
  REQUIRE(arrays.size() == 2);
  CHECK(arrays[0].first == "b");
  CHECK(arrays[0].second == b);
  CHECK(arrays[1].first == "in/a");
  CHECK(arrays[1].second == a);
}

TEST_CASE("damaged archives are refused") {
  const Folder folder;
  const auto path = folder.path / "x.npz";
  CHECK_THROWS_AS(read_npz(path), CompileError);
  write_file(path, "this is no archive");
  CHECK_THROWS_AS(read_npz(path), CompileError);
  write_zip(path, {{"a.npy", "no array"}});
  CHECK_THROWS_AS(read_npz(path), CompileError);
  write_zip(path, {{"a.npy", serialize_npy(f32_tensor({1000}, std::vector<float>(1000, 1.5f)))}});
  std::string bytes = read_file(path);
  for (size_t i = 40; i < 70; ++i) bytes[i] = static_cast<char>(bytes[i] ^ 0x55);
  write_file(path, bytes);
  CHECK_THROWS_AS(read_npz(path), CompileError);
}

}  // namespace
}  // namespace motec
