// Where samples come from: one kind of source per file format, behind one interface.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "driver/samples.h"

namespace motec {

// Tensors of one port. Reading is safe on several threads at a time.
class Series {
 public:
  virtual ~Series() = default;
  virtual int64_t count() const = 0;
  virtual Tensor read(int64_t index) const = 0;
  // What a user knows the tensor by: a file's name; empty if that says nothing.
  virtual std::string name(int64_t) const { return {}; }
};
using SeriesPtr = std::shared_ptr<const Series>;

// Series by port, of one length: sample i takes tensor i of each.
class SampleSource {
 public:
  using Columns = std::map<const DataPort*, SeriesPtr>;
  // Fails with E5021 to E5023 and E5028 unless all inputs and all or no outputs are there, all are
  // of one length, and states are zeros. `name` is what samples are called.
  SampleSource(Columns columns, const DataPorts& ports, std::string name);

  int64_t count() const { return count_; }
  std::string name(int64_t index) const;
  DataSet read(int64_t index) const;

 private:
  std::vector<SeriesPtr> inputs_, outputs_;  // in the order of the ports that are given
  std::string name_;
  int64_t count_ = 0;
};

// Tensor i of a .npy file or of a tensor in memory, split along its samples. Fails with E5020 when
// elements or shape do not fit the port.
SeriesPtr npy_series(const std::filesystem::path& path, const DataPort& port);
SeriesPtr tensor_series(Tensor tensor, const DataPort& port, const std::string& file);
// A serialized tensor, which is one sample.
SeriesPtr pb_series(const std::filesystem::path& path, const DataPort& port);
// Images, as many at a time as the port's batch (E5054 if some are left), and windows of sound, all
// of one rate (E5063). Samples are called by their path from `base`.
SeriesPtr image_series(std::vector<std::filesystem::path> files, const std::filesystem::path& base,
                       const DataPort& port, const ImageOptions& options);
SeriesPtr audio_series(const std::vector<std::filesystem::path>& files,
                       const std::filesystem::path& base, const DataPort& port,
                       const AudioOptions& options);

// Directory entries in the order of their names, numbers in them by value: set_2 before set_10.
std::vector<std::filesystem::path> sorted_entries(const std::filesystem::path& dir);
// Those files among `paths` whose names end so: {".png", ".bmp"}.
std::vector<std::filesystem::path> with_extension(const std::vector<std::filesystem::path>& paths,
                                                  const std::vector<std::string>& extensions);

}  // namespace motec
