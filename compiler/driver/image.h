// Photographs and drawings as a model takes them: decoded, resized, in numbers.
#pragma once
#include <array>
#include <filesystem>
#include <optional>
#include <vector>

#include "driver/data_ports.h"

namespace motec {

struct ImageOptions {
  enum class Resize : uint8_t {
    Crop,     // the largest middle part of the model's proportions
    Pad,      // all of it, between black borders
    Stretch,  // all of it, in other proportions
    Never,    // images must be of the model's size
  };
  enum class Layout : uint8_t { Auto, Nchw, Nhwc };
  enum class Colors : uint8_t { Auto, Rgb, Bgr, Gray };
  Resize resize = Resize::Crop;
  Layout layout = Layout::Auto;  // where one of the dimensions can only be channels
  Colors colors = Colors::Auto;  // by the number of channels: gray or RGB
  // What black (0) and white (255) are before mean and standard deviation. By default 0 and 1 for
  // float inputs, and for integers the smallest and the largest of uint8 or int8.
  std::optional<std::array<double, 2>> range = {};
  std::vector<double> mean = {0}, deviation = {1};  // one number, or one per channel
};

// How an input of a model is an image.
struct ImageShape {
  int64_t batch, channels, height, width;
  bool channels_last;
};

// Fails with E5050 unless the input is a batch of images of one or three channels, and with E5051
// if the options do not fit it.
ImageShape image_shape(const DataPort& port, const ImageOptions& options);

// Whether the name is that of a PNG, JPEG or BMP file.
const std::vector<std::string>& image_extensions();

// The file as one image of the batch: element_count / batch elements. Fails with E5052 if it is no
// such file, and with E5053 if its size is wrong for Resize::Never.
Tensor read_image(const std::filesystem::path& path, const DataPort& port,
                  const ImageOptions& options);

}  // namespace motec
