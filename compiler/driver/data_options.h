// The command line's options for data: which samples, and how images and sound become tensors.
#pragma once
#include <string>
#include <vector>

#include "driver/samples.h"

namespace CLI {
class App;
}

namespace motec {

// As texts, where they must be taken apart.
struct DataArguments {
  std::vector<std::string> data;  // "DIR", "x.npy", "x=x.npy"
  std::string image_resize = "crop", image_layout = "auto", image_colors = "auto";
  std::string image_range, image_mean, image_std;  // "0,255"; empty: the default
  int64_t audio_rate = 0, audio_hop = 0;
};

// Adds `option`, which names the data and may be repeated, and the options for images and sound.
void add_data_options(CLI::App& app, const std::string& option, const std::string& help,
                      DataArguments& arguments);

// Fails with E1104 and E1105.
SampleOptions sample_options(const DataArguments& arguments);

}  // namespace motec
