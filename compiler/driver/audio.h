// Sound as a model takes it: one channel, in windows of the input's length.
#pragma once
#include <filesystem>
#include <vector>

#include "driver/data_ports.h"

namespace motec {

struct AudioOptions {
  int64_t rate = 0;  // samples per second that files must have; 0: those of the first file
  int64_t hop = 0;   // from the beginning of a window to that of the next; 0: the window's length
};

// What a file holds.
struct AudioFile {
  std::filesystem::path path;
  int64_t frames = 0;  // samples of each channel
  int64_t rate = 0;    // frames per second
  int64_t channels = 0;
};

const std::vector<std::string>& audio_extensions();

// Fails with E5060 if libsndfile cannot read it, and with E5061 if it holds nothing.
AudioFile open_audio(const std::filesystem::path& path);

// The length of a window: how many elements the input has along its only dimension that is not 1.
// Fails with E5062 if it has several, or no type for sound.
int64_t audio_window(const DataPort& port);

// The windows of a file: those that fit into it, or one that is filled up with silence.
int64_t audio_windows(const AudioFile& file, int64_t window, int64_t hop);

// `window` frames from frame `begin` on, or zeros beyond the end; channels are averaged. float32
// is in [-1, 1], int16 as it is.
Tensor read_audio(const AudioFile& file, int64_t begin, const DataPort& port);

}  // namespace motec
