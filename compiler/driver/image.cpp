#include "driver/image.h"

#include <stb_image.h>
#include <stb_image_resize.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "support/diag.h"
#include "support/files.h"

namespace motec {
namespace fs = std::filesystem;
namespace {

using Layout = ImageOptions::Layout;
using Colors = ImageOptions::Colors;
using Resize = ImageOptions::Resize;

// Bytes of pixels, row by row, channels last.
struct Pixels {
  int width = 0, height = 0, channels = 0;
  std::vector<uint8_t> bytes = {};

  size_t offset(int x, int y) const {
    return (static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)) *
           static_cast<size_t>(channels);
  }
};

[[noreturn]] void fail_no_image(const DataPort& port, std::string why, std::string hint) {
  fail({.code = "E5050",
        .message =
            fmt::format("'{}' is {}, which images do not fit", port.name, to_string(port.type)),
        .why = {std::move(why)},
        .hint = std::move(hint)});
}

bool are_channels(int64_t n) { return n == 1 || n == 3; }

// [C,H,W] or [H,W,C] behind the batch.
bool has_channels_last(const DataPort& port, Layout layout) {
  const Shape& s = port.type.shape;
  const bool can_be_first = are_channels(s[1]), can_be_last = are_channels(s[3]);
  if (!can_be_first && !can_be_last) {
    fail_no_image(port, "neither dimension 1 nor dimension 3 is 1 or 3 channels",
                  "give the samples as an .npy file");
  }
  if (layout == Layout::Auto && can_be_first && can_be_last)
    fail_no_image(port, "dimension 1 as well as dimension 3 may be the channels",
                  "say which: --image-layout nchw or nhwc");
  const bool last = layout == Layout::Auto ? can_be_last : layout == Layout::Nhwc;
  if (last ? can_be_last : can_be_first) return last;
  fail_no_image(port, fmt::format("its {} channels are not 1 or 3", last ? s[3] : s[1]),
                fmt::format("try --image-layout {}", last ? "nchw" : "nhwc"));
}

void check_per_channel(const std::vector<double>& values, std::string_view option,
                       int64_t channels) {
  if (values.size() == 1 || std::ssize(values) == channels) return;
  fail({.code = "E5051",
        .message = fmt::format("{} has {} numbers, but the images have {} channel{}", option,
                               values.size(), channels, channels == 1 ? "" : "s"),
        .hint = "give one number, or one for each channel, as 0.485,0.456,0.406"});
}

// stb decodes more formats than these, some of them with less care.
bool is_known(std::string_view bytes) {
  using namespace std::string_view_literals;
  return bytes.starts_with("\x89PNG\r\n\x1a\n"sv) || bytes.starts_with("\xff\xd8\xff"sv) ||
         bytes.starts_with("BM"sv);
}

Pixels decode(const fs::path& path, int channels) {
  constexpr int kLargest = 1 << 14;  // a side; larger files are damaged or hostile
  const std::string file = read_file(path);
  const auto refuse = [&](const std::string& reason) {
    fail({.code = "E5052",
          .message = fmt::format("cannot read the image {}", path.string()),
          .why = {reason},
          .hint = "images are PNG, JPEG or BMP files"});
  };
  if (!is_known(file)) refuse("it does not begin as one");
  const auto* bytes = reinterpret_cast<const stbi_uc*>(file.data());
  if (std::ssize(file) > std::numeric_limits<int>::max()) refuse("it is larger than 2 GiB");
  const int length = static_cast<int>(file.size());
  Pixels pixels{.channels = channels};
  int in_file = 0;
  // stb's own reasons are for its authors.
  constexpr const char* kDamaged = "it is damaged, or of a rare kind that is not supported";
  if (!stbi_info_from_memory(bytes, length, &pixels.width, &pixels.height, &in_file))
    refuse(kDamaged);
  if (pixels.width > kLargest || pixels.height > kLargest)
    refuse(fmt::format("{} x {} pixels are more than {} along a side", pixels.width, pixels.height,
                       kLargest));
  const std::unique_ptr<stbi_uc, void (*)(void*)> data(
      stbi_load_from_memory(bytes, length, &pixels.width, &pixels.height, &in_file, channels),
      stbi_image_free);
  if (!data) refuse(kDamaged);
  pixels.bytes.assign(data.get(), data.get() + pixels.offset(0, pixels.height));
  return pixels;
}

// The part of `from` that begins at (x, y) and is as large as `part`, resized to `to`. A triangle
// filter as wide as the reduction: what most training pipelines call bilinear with antialiasing.
void resize(const Pixels& from, int x, int y, int width, int height, Pixels& to) {
  const int ok = stbir_resize_uint8_generic(
      from.bytes.data() + from.offset(x, y), width, height, from.width * from.channels,
      to.bytes.data(), to.width, to.height, 0, to.channels, STBIR_ALPHA_CHANNEL_NONE, 0,
      STBIR_EDGE_CLAMP, STBIR_FILTER_TRIANGLE, STBIR_COLORSPACE_LINEAR, nullptr);
  internal_check(ok == 1, "an image cannot be resized");
}

Pixels blank(int width, int height, int channels) {
  Pixels pixels{width, height, channels, {}};
  pixels.bytes.resize(pixels.offset(0, height));
  return pixels;
}

// `length` * numerator / denominator, rounded, at least 1.
int scaled(int length, int numerator, int denominator) {
  const int64_t product = int64_t{length} * numerator;
  return static_cast<int>(std::max<int64_t>(1, (product + denominator / 2) / denominator));
}

Pixels padded(const Pixels& from, int width, int height) {
  const bool by_width = int64_t{from.width} * height >= int64_t{from.height} * width;
  Pixels inner = blank(by_width ? width : scaled(from.width, height, from.height),
                       by_width ? scaled(from.height, width, from.width) : height, from.channels);
  resize(from, 0, 0, from.width, from.height, inner);
  Pixels to = blank(width, height, from.channels);
  const int left = (width - inner.width) / 2, top = (height - inner.height) / 2;
  for (int y = 0; y < inner.height; ++y)
    std::copy_n(inner.bytes.data() + inner.offset(0, y), inner.offset(inner.width, 0),
                to.bytes.data() + to.offset(left, top + y));
  return to;
}

Pixels cropped(const Pixels& from, int width, int height) {
  const bool by_width = int64_t{from.width} * height <= int64_t{from.height} * width;
  const int part_width = by_width ? from.width : scaled(width, from.height, height);
  const int part_height = by_width ? scaled(height, from.width, width) : from.height;
  Pixels to = blank(width, height, from.channels);
  resize(from, (from.width - part_width) / 2, (from.height - part_height) / 2, part_width,
         part_height, to);
  return to;
}

Pixels fitted(Pixels from, const ImageShape& shape, Resize how, const fs::path& path) {
  const auto width = static_cast<int>(shape.width), height = static_cast<int>(shape.height);
  if (from.width == width && from.height == height) return from;
  switch (how) {
    case Resize::Crop:
      return cropped(from, width, height);
    case Resize::Pad:
      return padded(from, width, height);
    case Resize::Stretch: {
      Pixels to = blank(width, height, from.channels);
      resize(from, 0, 0, from.width, from.height, to);
      return to;
    }
    case Resize::Never:
      break;
  }
  fail({.code = "E5053",
        .message = fmt::format("{} has {} x {} pixels, but the model takes {} x {}", path.string(),
                               from.width, from.height, width, height),
        .hint = "say how to resize: --image-resize crop, pad or stretch"});
}

// What each of the 256 levels of a channel becomes.
template <class T>
std::array<T, 256> levels(const ImageOptions& options, int64_t channel) {
  const auto of_channel = [channel](const std::vector<double>& values) {
    return values.size() == 1 ? values[0] : values[static_cast<size_t>(channel)];
  };
  using Limits = std::numeric_limits<T>;
  constexpr bool kFloat = std::is_floating_point_v<T>;
  const double black = options.range ? (*options.range)[0] : kFloat ? 0.0 : Limits::lowest();
  const double white = options.range ? (*options.range)[1] : kFloat ? 1.0 : Limits::max();
  std::array<T, 256> table;
  for (size_t level = 0; level < table.size(); ++level) {
    const double value = black + (white - black) * static_cast<double>(level) / 255.0;
    const double normal = (value - of_channel(options.mean)) / of_channel(options.deviation);
    table[level] = kFloat ? static_cast<T>(normal)
                          : static_cast<T>(std::clamp<double>(std::round(normal), Limits::lowest(),
                                                              Limits::max()));
  }
  return table;
}

template <class T>
void convert(const Pixels& pixels, const ImageShape& shape, const ImageOptions& options, T* out) {
  const int64_t count = shape.width * shape.height;
  for (int64_t c = 0; c < shape.channels; ++c) {
    const std::array<T, 256> table = levels<T>(options, c);
    const int64_t from = options.colors == Colors::Bgr ? shape.channels - 1 - c : c;
    for (int64_t i = 0; i < count; ++i)
      out[shape.channels_last ? i * shape.channels + c : c * count + i] =
          table[pixels.bytes[static_cast<size_t>(i * shape.channels + from)]];
  }
}

}  // namespace

const std::vector<std::string>& image_extensions() {
  static const std::vector<std::string> extensions = {".png", ".jpg", ".jpeg", ".bmp"};
  return extensions;
}

ImageShape image_shape(const DataPort& port, const ImageOptions& options) {
  const Type& type = port.type;
  if (type.dtype != DType::F32 && type.dtype != DType::U8 && type.dtype != DType::S8)
    fail_no_image(port, "images become float32, uint8 or int8", "give the samples as an .npy file");
  if (type.shape.size() != 4)
    fail_no_image(port, "an image has the dimensions N, C, H, W or N, H, W, C",
                  "give the samples as an .npy file");
  const bool last = has_channels_last(port, options.layout);
  const Shape& s = type.shape;
  const ImageShape shape =
      last ? ImageShape{s[0], s[3], s[1], s[2], true} : ImageShape{s[0], s[1], s[2], s[3], false};
  if (shape.batch < 1 || shape.height < 1 || shape.width < 1)
    fail_no_image(port, "it has no elements", "give the samples as an .npy file");
  const bool gray = options.colors == Colors::Gray;
  if (options.colors != Colors::Auto && gray != (shape.channels == 1)) {
    fail({.code = "E5051",
          .message = fmt::format("'{}' has {} channel{}, but --image-colors says {}", port.name,
                                 shape.channels, shape.channels == 1 ? "" : "s",
                                 gray ? "gray" : "colours")});
  }
  check_per_channel(options.mean, "--image-mean", shape.channels);
  check_per_channel(options.deviation, "--image-std", shape.channels);
  return shape;
}

Tensor read_image(const fs::path& path, const DataPort& port, const ImageOptions& options) {
  const ImageShape shape = image_shape(port, options);
  const Pixels pixels =
      fitted(decode(path, static_cast<int>(shape.channels)), shape, options.resize, path);
  Shape one = port.type.shape;
  one[0] = 1;
  Tensor tensor = Tensor::zeros(port.type.dtype, one);
  if (port.type.dtype == DType::F32) convert(pixels, shape, options, tensor.data<float>());
  if (port.type.dtype == DType::U8) convert(pixels, shape, options, tensor.data<uint8_t>());
  if (port.type.dtype == DType::S8) convert(pixels, shape, options, tensor.data<int8_t>());
  return tensor;
}

}  // namespace motec
