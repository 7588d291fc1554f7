// What a user should know of a quantized network: tensor by tensor, layer by layer, and at the
// outputs. Plain data, for reports.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "quant/measure.h"
#include "quant/quantizer.h"

namespace motec {

struct TensorReport {
  static constexpr int kBars = 64;

  std::string name;
  DType dtype = DType::S8;
  Range seen;   // of the samples
  Range range;  // that the integers cover
  double scale = 1;
  int zero_point = 0;
  std::string method;              // that found the range; "known" by the operator
  double clipped = 0;              // share of values outside of the range
  double sqnr = 0;                 // of rounding it, in dB
  std::vector<int64_t> histogram;  // counts of `kBars` equal parts of `seen`
};

struct LayerReport {
  std::string node, op;
  std::string precision;   // "int8", "int8 with int4 weights in groups of 32", "float"
  int64_t weights = 0;     // elements
  double sqnr = 0;         // of its result in the quantized network, in dB
  double sensitivity = 0;  // SQNR of judged_values(), in dB, if it alone is quantized
};

struct QuantReport {
  int64_t samples = 0, held_out_samples = 0;
  OutputError calibration, held_out;  // of the outputs
  std::vector<TensorReport> tensors;
  std::vector<LayerReport> layers;
};

// `held_out`: samples that were not calibrated with.
QuantReport describe(const Quantization& quantization, const std::vector<Sample>& samples,
                     const std::vector<Sample>& held_out);

// SQNR of judged_values(), in dB, where only op `op` computes with integers.
double sensitivity(const Quantization& quantization, int op, const ResultSets& want,
                   const std::vector<Sample>& samples);

}  // namespace motec
