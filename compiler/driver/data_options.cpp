#include "driver/data_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "driver/commands.h"
#include "support/diag.h"
#include "support/text.h"

namespace motec {
namespace {

// The position of `value` among the choices, which stand in the order of the enumerators.
template <class Enum>
Enum choice(const std::string& value, std::string_view option,
            const std::vector<std::string>& choices) {
  check_one_of(value, option, choices);
  return static_cast<Enum>(std::find(choices.begin(), choices.end(), value) - choices.begin());
}

// "0.485,0.456,0.406"
std::vector<double> parse_numbers(const std::string& text, std::string_view option) {
  std::vector<double> numbers;
  for (const std::string& item : split(text, ',')) {
    const std::string digits = trim(item);
    double number = 0;
    const char* last = digits.data() + digits.size();
    const auto [end, error] = std::from_chars(digits.data(), last, number);
    if (error != std::errc() || end != last || !std::isfinite(number)) {
      fail({.code = "E1105",
            .message = fmt::format("{} {}: '{}' is no number", option, text, item),
            .hint = fmt::format("write it like {} 0.485,0.456,0.406", option)});
    }
    numbers.push_back(number);
  }
  return numbers;
}

std::vector<double> deviations(const std::string& text) {
  const std::vector<double> numbers = parse_numbers(text, "--image-std");
  for (const double number : numbers)
    if (number == 0)
      fail({.code = "E1105", .message = "--image-std is 0, which nothing can be divided by"});
  return numbers;
}

std::array<double, 2> range(const std::string& text) {
  const std::vector<double> numbers = parse_numbers(text, "--image-range");
  if (numbers.size() == 2) return {numbers[0], numbers[1]};
  fail({.code = "E1105",
        .message = fmt::format("--image-range {}: there must be two numbers", text),
        .hint = "write what black and white become, like --image-range 0,255"});
}

}  // namespace

void add_data_options(CLI::App& app, const std::string& option, const std::string& help,
                      DataArguments& arguments) {
  DataArguments& a = arguments;
  app.add_option(option, a.data, help)->type_name("DATA")->allow_extra_args(false);
  const auto add = [&app](const std::string& name, auto& value, const std::string& type,
                          const std::string& text) {
    app.add_option(name, value, text)->type_name(type)->group("Images and sound");
  };
  add("--image-resize", a.image_resize, "HOW",
      "crop (default), pad or stretch to the model's size, or never");
  add("--image-layout", a.image_layout, "ORDER", "nchw or nhwc, where the model leaves it open");
  add("--image-colors", a.image_colors, "ORDER",
      "gray, rgb or bgr; default: by the number of channels");
  add("--image-range", a.image_range, "LOW,HIGH",
      "What black and white become; default: 0,1, or all of the integers");
  add("--image-mean", a.image_mean, "X[,X,X]",
      "Subtracted after that; one number or one per channel");
  add("--image-std", a.image_std, "X[,X,X]", "Divides after that");
  add("--audio-rate", a.audio_rate, "HZ", "Samples per second that sound must have");
  add("--audio-hop", a.audio_hop, "N",
      "Samples from one window of a sound to the next; default: the model's input");
  for (const char* name : {"--audio-rate", "--audio-hop"})
    app.get_option(name)->check(CLI::PositiveNumber);
}

SampleOptions sample_options(const DataArguments& a) {
  SampleOptions options;
  ImageOptions& image = options.image;
  image.resize = choice<ImageOptions::Resize>(a.image_resize, "--image-resize",
                                              {"crop", "pad", "stretch", "never"});
  image.layout =
      choice<ImageOptions::Layout>(a.image_layout, "--image-layout", {"auto", "nchw", "nhwc"});
  image.colors = choice<ImageOptions::Colors>(a.image_colors, "--image-colors",
                                              {"auto", "rgb", "bgr", "gray"});
  if (!a.image_range.empty()) image.range = range(a.image_range);
  if (!a.image_mean.empty()) image.mean = parse_numbers(a.image_mean, "--image-mean");
  if (!a.image_std.empty()) image.deviation = deviations(a.image_std);
  options.audio = {.rate = a.audio_rate, .hop = a.audio_hop};
  return options;
}

}  // namespace motec
