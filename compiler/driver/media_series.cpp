// Files of images and of sound as series of one port's tensors.
#include <algorithm>

#include "driver/sample_source.h"
#include "support/diag.h"

namespace motec {
namespace fs = std::filesystem;
namespace {

class ImageSeries : public Series {
 public:
  ImageSeries(std::vector<fs::path> files, fs::path base, const DataPort& port,
              const ImageOptions& options)
      : files_(std::move(files)),
        base_(std::move(base)),
        port_(port),
        options_(options),
        batch_(image_shape(port, options).batch) {
    if (std::ssize(files_) % batch_ == 0) return;
    fail({.code = "E5054",
          .message = fmt::format("{} images do not fill batches of {}", files_.size(), batch_),
          .where = base_.string(),
          .hint = "give a multiple, or compile the model for a batch of 1 with --input-shape"});
  }
  int64_t count() const override { return std::ssize(files_) / batch_; }
  Tensor read(int64_t index) const override {
    Tensor tensor{port_.type.dtype, port_.type.shape, {}};
    tensor.bytes.reserve(static_cast<size_t>(port_.type.bytes()));
    for (int64_t i = 0; i < batch_; ++i) {
      const Tensor image = read_image(file(index * batch_ + i), port_, options_);
      tensor.bytes.insert(tensor.bytes.end(), image.bytes.begin(), image.bytes.end());
    }
    return tensor;
  }
  std::string name(int64_t index) const override {
    return file(index * batch_).lexically_relative(base_).string();
  }

 private:
  const fs::path& file(int64_t index) const { return files_[static_cast<size_t>(index)]; }

  std::vector<fs::path> files_;
  fs::path base_;
  DataPort port_;
  ImageOptions options_;
  int64_t batch_;
};

class AudioSeries : public Series {
 public:
  AudioSeries(const std::vector<fs::path>& paths, fs::path base, const DataPort& port,
              const AudioOptions& options)
      : base_(std::move(base)), port_(port), hop_(options.hop) {
    const int64_t window = audio_window(port);
    if (hop_ == 0) hop_ = window;
    int64_t rate = options.rate;
    for (const fs::path& path : paths) {
      AudioFile file = open_audio(path);
      if (rate == 0) rate = file.rate;
      if (file.rate != rate) {
        fail({.code = "E5063",
              .message = fmt::format("{} has {} samples per second, not {}", path.string(),
                                     file.rate, rate),
              .why = {options.rate ? "--audio-rate says so" : "the first file has as many"},
              .hint = "resample it, with sox for instance"});
      }
      first_window_.push_back(count_);
      count_ += audio_windows(file, window, hop_);
      files_.push_back(std::move(file));
    }
  }
  int64_t count() const override { return count_; }
  Tensor read(int64_t index) const override {
    const size_t i = file_of(index);
    return read_audio(files_[i], (index - first_window_[i]) * hop_, port_);
  }
  std::string name(int64_t index) const override {
    const size_t i = file_of(index);
    const std::string file = files_[i].path.lexically_relative(base_).string();
    const int64_t begin = (index - first_window_[i]) * hop_;
    return begin == 0
               ? file
               : fmt::format("{} at {:.2f} s", file,
                             static_cast<double>(begin) / static_cast<double>(files_[i].rate));
  }

 private:
  size_t file_of(int64_t window) const {
    const auto next = std::upper_bound(first_window_.begin(), first_window_.end(), window);
    return static_cast<size_t>(next - first_window_.begin()) - 1;
  }

  std::vector<AudioFile> files_;
  std::vector<int64_t> first_window_;  // of each file
  fs::path base_;
  DataPort port_;
  int64_t hop_;
  int64_t count_ = 0;
};

}  // namespace

SeriesPtr image_series(std::vector<fs::path> files, const fs::path& base, const DataPort& port,
                       const ImageOptions& options) {
  return std::make_shared<ImageSeries>(std::move(files), base, port, options);
}

SeriesPtr audio_series(const std::vector<fs::path>& files, const fs::path& base,
                       const DataPort& port, const AudioOptions& options) {
  return std::make_shared<AudioSeries>(files, base, port, options);
}

}  // namespace motec
