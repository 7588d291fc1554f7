// Samples and labels that cannot be used.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "driver/labels.h"
#include "driver/samples.h"
#include "eval/npy.h"
#include "support/error_case.h"
#include "support/files.h"
#include "support/golden.h"
#include "support/media.h"

namespace motec::test {
namespace {

using Data = std::vector<std::string>;

DataPorts one_input(Shape shape, DType dtype = DType::F32) {
  return {.inputs = {{"x", {.dtype = dtype, .shape = std::move(shape)}}}, .outputs = {}};
}

// What is wrong with the error that reading all samples of `data` leads to.
std::string problem(const std::string& name, const ScratchDirectory& scratch, const Data& data,
                    const DataPorts& ports, SampleOptions options = {}) {
  options.values = SampleOptions::Values::Finite;
  return problem_of_error(
      name,
      [&] {
        const Samples samples = open_samples(data, ports, options);
        for (int64_t i = 0; i < samples.count(); ++i) samples.read(i);
      },
      scratch.path());
}

TEST_CASE("arrays that cannot be used") {
  const ScratchDirectory scratch;
  const std::string here = scratch.path().string() + "/";
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  write_file(scratch / "x.npy", serialize_npy(f32_tensor({2, 2, 2}, {0, 0, 0, 0, 0, 0, NAN, 0})));
  write_file(scratch / "i.npy", serialize_npy(f32_tensor({2, 2}, {0, -kInfinity, 0, 0})));
  write_file(scratch / "none.npy", serialize_npy(Tensor::zeros(DType::F32, {0, 2, 2})));
  write_file(scratch / "double.npy", serialize_npy(Tensor::zeros(DType::F64, {2, 2})));
  write_file(scratch / "x.txt", "0 1 2 3");
  const std::pair<const char*, Data> cases[] = {
      {"samples_nan", {here + "x.npy"}},
      {"samples_infinite", {here + "i.npy"}},
      {"samples_none", {here + "none.npy"}},
      {"samples_type", {here + "double.npy"}},
      {"samples_absent", {"x=" + here + "y.npy"}},
      {"samples_one_input", {"x=" + here + "x.txt"}},
      {"samples_half_named", {"x=" + here + "x.npy", here + "i.npy"}},
      {"samples_no_input", {"z=" + here + "x.npy"}},
      {"samples_twice", {"x=" + here + "x.npy", "x=" + here + "i.npy"}},
  };
  for (const auto& [name, data] : cases)
    CHECK(problem(name, scratch, data, one_input({2, 2})) == "");
  DataPorts two = one_input({2, 2});
  two.inputs.push_back({"y", {.shape = {3}}});
  CHECK(problem("samples_two_inputs", scratch, {here + "x.npy"}, two) == "");
}

TEST_CASE("images that cannot be used") {
  const ScratchDirectory scratch;
  write_image(scratch / "images/a.png", 4, 2, 3, std::vector<uint8_t>(24));
  write_file(scratch / "text/a.png", "no image");
  const std::string png = read_file(scratch / "images/a.png");
  write_file(scratch / "cut/a.png", png.substr(0, 40));
  const auto in = [&](const char* name) { return Data{(scratch / name).string()}; };
  const Shape nhwc = {1, 2, 4, 3};
  CHECK(problem("image_text", scratch, in("text"), one_input(nhwc)) == "");
  CHECK(problem("image_cut", scratch, in("cut"), one_input(nhwc)) == "");
  CHECK(problem("image_size", scratch, in("images"), one_input({1, 3, 3, 3 + 1}),
                {.image = {.resize = ImageOptions::Resize::Never}}) == "");
  CHECK(problem("image_batch", scratch, in("images"), one_input({2, 2, 4, 3})) == "");
  CHECK(problem("image_type", scratch, in("images"), one_input(nhwc, DType::F64)) == "");
  CHECK(problem("image_rank", scratch, in("images"), one_input({1, 24})) == "");
  CHECK(problem("image_channels", scratch, in("images"), one_input({1, 2, 4, 4})) == "");
  CHECK(problem("image_order", scratch, in("images"), one_input({1, 3, 4, 1})) == "");
  CHECK(problem("image_layout", scratch, in("images"), one_input(nhwc),
                {.image = {.layout = ImageOptions::Layout::Nchw}}) == "");
  CHECK(problem("image_colors", scratch, in("images"), one_input(nhwc),
                {.image = {.colors = ImageOptions::Colors::Gray}}) == "");
  CHECK(problem("image_mean", scratch, in("images"), one_input(nhwc),
                {.image = {.mean = {0, 1}}}) == "");
}

TEST_CASE("sound that cannot be used") {
  const ScratchDirectory scratch;
  const std::string sound = wav_bytes(16000, 1, std::vector<int16_t>(8));
  write_file(scratch / "text/a.wav", "no sound");
  write_file(scratch / "empty/a.wav", wav_bytes(16000, 1, {}));
  write_file(scratch / "rates/a.wav", sound);
  write_file(scratch / "rates/b.wav", wav_bytes(44100, 1, std::vector<int16_t>(8)));
  write_file(scratch / "sound/a.wav", sound);
  const auto in = [&](const char* name) { return Data{(scratch / name).string()}; };
  CHECK(problem("audio_text", scratch, in("text"), one_input({1, 8})) == "");
  CHECK(problem("audio_empty", scratch, in("empty"), one_input({1, 8})) == "");
  CHECK(problem("audio_rates", scratch, in("rates"), one_input({1, 8})) == "");
  CHECK(problem("audio_rate", scratch, in("sound"), one_input({1, 8}), {.audio = {.rate = 8000}}) ==
        "");
  CHECK(problem("audio_shape", scratch, in("sound"), one_input({1, 4, 2})) == "");
  CHECK(problem("audio_type", scratch, in("sound"), one_input({1, 8}, DType::S8)) == "");
}

TEST_CASE("labels that cannot be used") {
  const ScratchDirectory scratch;
  write_file(scratch / "l.txt", "1\n\ntwo\n");
  write_file(scratch / "l.npy", serialize_npy(f32_tensor({2}, {0, 1})));
  const auto read = [&](const char* name, const char* file) {
    return problem_of_error(
        name, [&] { read_labels(scratch / file); }, scratch.path());
  };
  CHECK(read("labels_text", "l.txt") == "");
  CHECK(read("labels_float", "l.npy") == "");
  Graph graph;
  graph.outputs.push_back({"y", graph.add_value("y", {.shape = {1, 3}})});
  const auto check = [&](const char* name, const std::vector<int64_t>& labels, int64_t samples) {
    return problem_of_error(name, [&] { check_labels(labels, graph, samples); });
  };
  CHECK(check("labels_few", {0, 1}, 3) == "");
  CHECK(check("labels_beyond", {0, 3}, 2) == "");
  graph.outputs.push_back({"z", graph.add_value("z", {.shape = {2, 2}})});
  CHECK(check("labels_outputs", {0, 1}, 2) == "");
}

}  // namespace
}  // namespace motec::test
