#include "driver/audio.h"

#include <catch2/catch.hpp>

#include "driver/samples.h"
#include "support/files.h"
#include "support/golden.h"
#include "support/media.h"

namespace motec::test {
namespace {

DataPorts port(Shape shape, DType dtype) {
  return {.inputs = {{"x", {.dtype = dtype, .shape = std::move(shape)}}}, .outputs = {}};
}

Tensor shorts(const Shape& shape, const std::vector<int16_t>& values) {
  return Tensor::of<int16_t>(DType::S16, shape, values);
}

TEST_CASE("sound is cut into windows") {
  const ScratchDirectory scratch;
  write_file(scratch / "a.wav", wav_bytes(2, 1, {1, 2, 3, 4, 5, 6, 7}));
  write_file(scratch / "b/c.wav", wav_bytes(2, 1, {-8, 32767}));
  const std::string dir = scratch.path().string();
  const DataPorts ports = port({1, 3, 1}, DType::S16);
  const auto read = [&](const AudioOptions& options) {
    const Samples samples = open_samples({dir}, ports, {.audio = options});
    std::vector<Tensor> tensors;
    for (int64_t i = 0; i < samples.count(); ++i) tensors.push_back(samples.read(i).inputs.at(0));
    return tensors;
  };
  const Shape s = {1, 3, 1};
  const Tensor last = shorts(s, {-8, 32767, 0});  // filled up with silence
  CHECK(read({}) == std::vector{shorts(s, {1, 2, 3}), shorts(s, {4, 5, 6}), last});
  CHECK(read({.rate = 2, .hop = 2}) ==
        std::vector{shorts(s, {1, 2, 3}), shorts(s, {3, 4, 5}), shorts(s, {5, 6, 7}), last});
  const Samples samples = open_samples({dir}, ports);
  CHECK(samples.name(0) == "a.wav");
  CHECK(samples.name(1) == "a.wav at 1.50 s");
  CHECK(samples.name(2) == "b/c.wav");
}

TEST_CASE("channels are mixed, and floats are fractions of full scale") {
  const ScratchDirectory scratch;
  write_file(scratch / "a.wav", wav_bytes(16000, 2, {100, 201, -100, -201, 16384, -32768}));
  const std::string file = (scratch / "a.wav").string();
  CHECK(open_samples({"x=" + file}, port({3}, DType::S16)).read(0).inputs.at(0) ==
        shorts({3}, {151, -151, -8192}));
  CHECK(open_samples({file}, port({1, 3}, DType::F32)).read(0).inputs.at(0) ==
        f32_tensor({1, 3}, {150.5f / 32768, -150.5f / 32768, -0.25f}));
}

}  // namespace
}  // namespace motec::test
