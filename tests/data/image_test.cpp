#include "driver/image.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "driver/samples.h"
#include "support/files.h"
#include "support/golden.h"
#include "support/media.h"

namespace motec::test {
namespace {

using Resize = ImageOptions::Resize;

DataPorts port(Shape shape, DType dtype = DType::F32) {
  return {.inputs = {{"x", {.dtype = dtype, .shape = std::move(shape)}}}, .outputs = {}};
}

Tensor read_one(const std::filesystem::path& path, const DataPorts& ports,
                ImageOptions options = {}) {
  // One row of colours may be rows of one.
  if (ports.inputs[0].type.shape == Shape{1, 1, 2, 3}) options.layout = ImageOptions::Layout::Nhwc;
  const Samples samples = open_samples({path.string()}, ports, {.image = options});
  REQUIRE(samples.count() == 1);
  return samples.read(0).inputs.at(0);
}

// 2 x 1 pixels: (255, 0, 51) and (0, 102, 255).
const std::vector<uint8_t> kTwoPixels = {255, 0, 51, 0, 102, 255};

TEST_CASE("pixels become numbers by layout, colours, range, mean and deviation") {
  const ScratchDirectory scratch;
  for (const std::string name : {"a.png", "a.bmp"}) {
    const std::filesystem::path path = scratch / name;
    write_image(path, 2, 1, 3, kTwoPixels);
    CHECK(read_one(path, port({1, 1, 2, 3})) == f32_tensor({1, 1, 2, 3}, {1, 0, 0.2f, 0, 0.4f, 1}));
    CHECK(read_one(path, port({1, 3, 1, 2})) == f32_tensor({1, 3, 1, 2}, {1, 0, 0, 0.4f, 0.2f, 1}));
    CHECK(read_one(path, port({1, 1, 2, 3}), {.colors = ImageOptions::Colors::Bgr}) ==
          f32_tensor({1, 1, 2, 3}, {0.2f, 0, 1, 1, 0.4f, 0}));
    CHECK(read_one(path, port({1, 1, 2, 3}), {.range = {{-1, 1}}}).values<float>()[0] == 1);
    CHECK(read_one(path, port({1, 1, 2, 3}), {.range = {{-1, 1}}}).values<float>()[1] == -1);
    CHECK(read_one(path, port({1, 1, 2, 3}),
                   {.range = {{0, 255}}, .mean = {1, 2, 3}, .deviation = {2}}) ==
          f32_tensor({1, 1, 2, 3}, {127, -1, 24, -0.5f, 50, 126}));
    CHECK(read_one(path, port({1, 1, 2, 3}, DType::U8)) ==
          Tensor::of<uint8_t>(DType::U8, {1, 1, 2, 3}, kTwoPixels));
    CHECK(read_one(path, port({1, 1, 2, 3}, DType::S8)) ==
          Tensor::of<int8_t>(DType::S8, {1, 1, 2, 3}, {127, -128, -77, -128, -26, 127}));
  }
}

TEST_CASE("colours become gray, and gray becomes colours") {
  const ScratchDirectory scratch;
  write_image(scratch / "c.png", 2, 1, 3, {255, 255, 255, 0, 0, 0});
  CHECK(read_one(scratch / "c.png", port({1, 1, 1, 2}), {.layout = ImageOptions::Layout::Nchw}) ==
        f32_tensor({1, 1, 1, 2}, {1, 0}));
  write_image(scratch / "g.png", 2, 1, 1, {51, 255});
  CHECK(read_one(scratch / "g.png", port({1, 1, 2, 3})) ==
        f32_tensor({1, 1, 2, 3}, {0.2f, 0.2f, 0.2f, 1, 1, 1}));
}

TEST_CASE("a JPEG file of one colour keeps it") {
  const ScratchDirectory scratch;
  std::vector<uint8_t> pixels;
  for (int i = 0; i < 256; ++i) pixels.insert(pixels.end(), {200, 100, 50});
  write_image(scratch / "a.JPG", 16, 16, 3, pixels);
  const Tensor read = read_one(scratch / "a.JPG", port({1, 16, 16, 3}, DType::U8));
  for (int64_t i = 0; i < read.elements(); ++i)
    CHECK(std::abs(read.data<uint8_t>()[i] - pixels[static_cast<size_t>(i)]) <= 2);
}

TEST_CASE("images are cropped, padded or stretched") {
  const ScratchDirectory scratch;
  // 8 x 4: a quarter each of 0, 80, 160 and 240.
  std::vector<uint8_t> pixels;
  for (int i = 0; i < 32; ++i) pixels.push_back(static_cast<uint8_t>(80 * (i % 8 / 2)));
  write_image(scratch / "a.png", 8, 4, 1, pixels);
  const DataPorts square = port({1, 4, 4, 1}, DType::U8);
  const auto row = [&](Resize how, int64_t y) {
    ImageOptions options{.resize = how, .layout = ImageOptions::Layout::Nhwc};
    const Tensor image = read_one(scratch / "a.png", square, options);
    const uint8_t* at = image.data<uint8_t>() + 4 * y;
    return std::vector<int>(at, at + 4);
  };
  using Row = std::vector<int>;
  for (const int64_t y : {0, 3}) {
    CHECK(row(Resize::Crop, y) == Row{80, 80, 160, 160});
    CHECK(row(Resize::Pad, y) == Row{0, 0, 0, 0});
    // A triangle filter takes an eighth of each neighbour.
    CHECK(row(Resize::Stretch, y) == Row{10, 80, 160, 230});
  }
  for (const int64_t y : {1, 2}) CHECK(row(Resize::Pad, y) == Row{10, 80, 160, 230});
}

TEST_CASE("directories of images are in the order of their names, and fill batches") {
  const ScratchDirectory scratch;
  for (const int i : {10, 9, 8})
    write_image(scratch / fmt::format("dogs/{}.png", i), 1, 1, 1, {static_cast<uint8_t>(i)});
  write_image(scratch / "cats/1.bmp", 1, 1, 1, {1});
  write_file(scratch / "cats/notes.txt", "not an image");
  const ImageOptions options{.layout = ImageOptions::Layout::Nhwc};
  const std::string dir = scratch.path().string();
  const Samples one = open_samples({dir}, port({1, 1, 1, 1}, DType::U8), {.image = options});
  REQUIRE(one.count() == 4);
  const std::vector<std::pair<std::string, uint8_t>> want = {
      {"cats/1.bmp", 1}, {"dogs/8.png", 8}, {"dogs/9.png", 9}, {"dogs/10.png", 10}};
  for (size_t i = 0; i < want.size(); ++i) {
    const DataSet set = one.read(static_cast<int64_t>(i));
    CHECK(set.name == want[i].first);
    CHECK(set.inputs.at(0).data<uint8_t>()[0] == want[i].second);
  }
  CHECK(sample_files({dir}).size() == 4);
  const Samples two = open_samples({"x=" + dir}, port({2, 1, 1, 1}, DType::U8), {.image = options});
  REQUIRE(two.count() == 2);
  CHECK(two.read(1).inputs.at(0) == Tensor::of<uint8_t>(DType::U8, {2, 1, 1, 1}, {9, 10}));
}

}  // namespace
}  // namespace motec::test
