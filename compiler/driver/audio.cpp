#include "driver/audio.h"

#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "support/diag.h"

namespace motec {
namespace fs = std::filesystem;
namespace {

using Handle = std::unique_ptr<SNDFILE, int (*)(SNDFILE*)>;

[[noreturn]] void fail_unreadable(const fs::path& path, const char* reason) {
  fail({.code = "E5060",
        .message = fmt::format("cannot read the sound {}", path.string()),
        .why = {reason},
        .hint = "sounds are WAV files"});
}

Handle open_file(const fs::path& path, SF_INFO& info) {
  info = {};
  Handle file(sf_open(path.c_str(), SFM_READ, &info), sf_close);
  if (!file) fail_unreadable(path, sf_strerror(nullptr));
  return file;
}

// The mean of a frame's channels.
template <class T>
T mixed(const T* frame, int64_t channels) {
  if (channels == 1) return *frame;
  double sum = 0;
  for (int64_t c = 0; c < channels; ++c) sum += frame[c];
  const double mean = sum / static_cast<double>(channels);
  return std::is_floating_point_v<T> ? static_cast<T>(mean) : static_cast<T>(std::lround(mean));
}

}  // namespace

const std::vector<std::string>& audio_extensions() {
  static const std::vector<std::string> extensions = {".wav"};
  return extensions;
}

AudioFile open_audio(const fs::path& path) {
  SF_INFO info;
  open_file(path, info);
  if (info.frames <= 0) {
    fail({.code = "E5061",
          .message = fmt::format("{} holds no sound", path.string()),
          .hint = "drop the file"});
  }
  return {path, info.frames, info.samplerate, info.channels};
}

int64_t audio_window(const DataPort& port) {
  const Type& type = port.type;
  const bool one_axis =
      std::count_if(type.shape.begin(), type.shape.end(), [](int64_t d) { return d != 1; }) == 1;
  const bool typed = type.dtype == DType::F32 || type.dtype == DType::S16;
  if (one_axis && typed && type.elements() > 0) return type.elements();
  fail({.code = "E5062",
        .message = fmt::format("'{}' is {}, which sound does not fit", port.name, to_string(type)),
        .why = {typed ? "raw sound has one dimension that is not 1"
                      : "sounds become float32 or int16"},
        .hint = "give what the model takes, spectra for instance, as an .npy file"});
}

int64_t audio_windows(const AudioFile& file, int64_t window, int64_t hop) {
  return file.frames <= window ? 1 : 1 + (file.frames - window) / hop;
}

Tensor read_audio(const AudioFile& file, int64_t begin, const DataPort& port) {
  SF_INFO info;
  const Handle handle = open_file(file.path, info);
  if (info.frames != file.frames || info.channels != file.channels ||
      sf_seek(handle.get(), begin, SEEK_SET) != begin)
    fail_unreadable(file.path, "it has changed since it was opened");
  Tensor tensor = Tensor::zeros(port.type.dtype, port.type.shape);
  const int64_t frames = std::min(tensor.elements(), file.frames - begin);
  const auto read = [&]<class T>(auto read_frames) {
    std::vector<T> samples(static_cast<size_t>(frames * file.channels));
    if (read_frames(handle.get(), samples.data(), frames) != frames)
      fail_unreadable(file.path, "it ends too early");
    for (int64_t i = 0; i < frames; ++i)
      tensor.data<T>()[i] = mixed(samples.data() + i * file.channels, file.channels);
  };
  if (port.type.dtype == DType::F32)
    read.operator()<float>(sf_readf_float);
  else
    read.operator()<int16_t>(sf_readf_short);
  return tensor;
}

}  // namespace motec
