// Samples for a model, in any form that users have them: what calibration, evaluation and test
// programs are fed.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "driver/audio.h"
#include "driver/data_ports.h"
#include "driver/image.h"

namespace motec {

struct DataSet {
  std::string name = {};             // "test_data_set_0", "samples.npz[3]"
  std::vector<Tensor> inputs = {};   // one per given input, in order
  std::vector<Tensor> outputs = {};  // one per given output; empty: nothing is expected
};

struct SampleOptions {
  enum class Values : uint8_t { Any, Finite };
  Values values = Values::Any;  // Finite: NaN and infinities fail with E5033
  ImageOptions image = {};
  AudioOptions audio = {};
};

class SampleSource;

// A sequence of samples, each of which is read when it is asked for. Threads may share one.
//
//   const Samples samples = open_samples({"x=a.npy", "y=b.npy"}, data_ports(graph, names));
//   for (int64_t i = 0; i < samples.count(); ++i) evaluate(graph, samples.operands(i));
class Samples {
 public:
  int64_t count() const { return count_; }
  std::string name(int64_t index) const;
  // With E5020 for a file that does not fit, and whatever reading it may fail with.
  DataSet read(int64_t index) const;
  // What evaluate() takes: one tensor per input of the graph, in its order. States are zeros.
  std::vector<Tensor> operands(int64_t index) const;

 private:
  friend Samples open_samples(const std::vector<std::string>&, const DataPorts&,
                              const SampleOptions&);
  struct Place {
    const SampleSource* source;
    int64_t index;
  };
  Place place(int64_t index) const;

  DataPorts ports_;
  SampleOptions options_;
  std::vector<std::shared_ptr<const SampleSource>> sources_;
  int64_t count_ = 0;
};

// The samples of DATA, of which there is at least one. Each text of `data` is a path, and their
// samples follow one another; or each is "INPUT=PATH", and a sample takes one tensor of each. Paths
// name
// - an .npy or .npz file; arrays may have a leading axis of samples: one dimension more than the
//   model's, or a first dimension that is a multiple of it;
// - a directory of those, where .npy files that are all named after inputs belong together;
// - a directory in the layout of ONNX's backend tests, test_data_set_*/input_*.pb;
// - a PNG, JPEG, BMP or WAV file, or a directory of those, in whose folders there may be more.
//   Images are one sample each (image.h), sound is as many as it has windows (audio.h).
// Fails with E502x to E506x, and as the file formats do.
Samples open_samples(const std::vector<std::string>& data, const DataPorts& ports,
                     const SampleOptions& options = {});

// What evaluate() takes for the inputs of a set.
std::vector<Tensor> operands(DataSet set, const DataPorts& ports);

// The files that open_samples() reads, sorted; for dependency files.
std::vector<std::filesystem::path> sample_files(const std::vector<std::string>& data);

}  // namespace motec
