#include "quant/tune_layers.h"

#include <algorithm>
#include <cmath>

#include "ops/int4.h"
#include "ops/quantize.h"
#include "quant/group_scales.h"
#include "quant/patches.h"
#include "quant/weights.h"

namespace motec {
namespace {

// Positions that a layer's moments are taken from: with more, kws, ic and vww gain less than
// 0.1 dB.
constexpr int64_t kMostPositions = 8192;
constexpr int kMostSweeps = 20;

// Few positions for many weights say little of other samples: the fewer there are, the closer the
// weights stay to rounding to nearest.
double pull_to_nearest(const Moments& m) {
  const auto depth = static_cast<double>(m.xx.rows());
  return 0.02 + 0.5 * depth / (depth + m.count);
}

Eigen::MatrixXf covariance(const Moments& m) {
  const Eigen::VectorXd mean = m.x / m.count;
  Eigen::MatrixXf c = (m.xx.cast<double>() / m.count - mean * mean.transpose()).cast<float>();
  const float pull = static_cast<float>(pull_to_nearest(m)) *
                     std::max(c.trace() / static_cast<float>(c.rows()), 1e-12f);
  c.diagonal().array() += pull;
  return c;
}

// A row of weights, each an integer times its factor times the scale.
struct Row {
  const float* w;
  const float* factors;
  int highest;  // of the integers
};

// Rounds weights up or down, one at a time, as long as that lessens the error, which is returned
// but for a constant. `q` are the integers times their factors.
float round_channel(const Eigen::MatrixXf& c, const Eigen::VectorXf& target, const Row& row,
                    float scale, int8_t* q) {
  const auto n = static_cast<int>(c.rows());
  const auto highest = static_cast<float>(row.highest);
  Eigen::VectorXf values(n), integers(n);
  for (int i = 0; i < n; ++i) {
    const float step = scale * row.factors[i];
    integers[i] = std::clamp(std::nearbyint(row.w[i] / step), -highest, highest);
    values[i] = integers[i] * step;
  }
  Eigen::VectorXf gradient = c * values - target;
  for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
    bool changed = false;
    for (int i = 0; i < n; ++i) {
      const float unit = scale * row.factors[i], exact = row.w[i] / unit;
      const float below = std::floor(exact);
      const float other = integers[i] == below ? below + 1 : below;
      if (std::abs(other) > highest || exact == below) continue;
      const float step = other * unit - values[i];
      // Changes that gain less than rounding errors of the gradient would go on for ever.
      if (step * (2 * gradient[i] + step * c(i, i)) > -1e-4f * step * step * c(i, i)) continue;
      gradient += step * c.col(i);
      values[i] += step;
      integers[i] = other;
      changed = true;
    }
    if (!changed) break;
  }
  for (int i = 0; i < n; ++i) q[i] = static_cast<int8_t>(integers[i] * row.factors[i]);
  return values.dot(gradient - target);
}

class Tuner {
 public:
  Tuner(const Graph& source, const TuneOptions& options, Parameters& parameters)
      : source_(source), options_(options), parameters_(parameters) {}

  void tune(const LayerRun& run, Graph& graph) {
    const Op& like = source_.ops[static_cast<size_t>(run.op)];
    QuantizedConstant& weights = parameters_.constants.at({run.op, 1});
    QuantizedConstant& bias = parameters_.constants.at({run.op, 2});
    const Tensor& real = *source_.constant(like.in[1]);
    const std::vector<Moments> groups = moments_of(run, graph, kMostPositions);
    int64_t o = 0;
    for (const Moments& m : groups) {
      const auto depth = static_cast<int64_t>(m.xx.rows());
      const Eigen::MatrixXf c = options_.round_weights ? covariance(m) : Eigen::MatrixXf();
      for (int64_t i = 0; i < m.y.size(); ++i, ++o) {
        int8_t* q = weights.q.data<int8_t>() + o * depth;
        const float* w = real.data<float>() + o * depth;
        if (options_.round_weights) {
          const std::vector<float> factors = factors_of(weights, o);
          round(m, c, i, {w, factors.data(), weights.bits == 8 ? 127 : 7}, o, q, weights, bias);
          if (!options_.correct_bias) restore(like, o, bias);
        }
        if (options_.correct_bias) correct(m, i, q, o, weights, bias);
      }
    }
    store(graph, run.quantized->in[1], weights);
    store(graph, run.quantized->in[2], bias);
  }

 private:
  // The factor of each weight of output channel `o`.
  static std::vector<float> factors_of(const QuantizedConstant& weights, int64_t o) {
    const int64_t depth = weights.q.elements() / weights.q.shape[0];
    std::vector<float> factors(static_cast<size_t>(depth), 1.0f);
    if (!weights.groups) return factors;
    const auto& [size, axis, all] = *weights.groups;
    for (int64_t i = 0; i < depth; ++i)
      factors[static_cast<size_t>(i)] =
          int4_factor(all, size, weights.q.shape.back(), o * depth + i);
    return factors;
  }

  // Weights of output channel `o`, which is `i` of its group. Few bits gain from a scale that is
  // chosen for what the weights make, too.
  static void round(const Moments& m, const Eigen::MatrixXf& c, int64_t i, const Row& row,
                    int64_t o, int8_t* q, QuantizedConstant& weights, QuantizedConstant& bias) {
    const auto n = c.rows();
    const Eigen::VectorXd mean = m.x / m.count;
    Eigen::VectorXf target =
        (m.xy.col(i).cast<double>() / m.count - mean * (m.y[i] / m.count)).cast<float>();
    const double pull = pull_to_nearest(m);
    const float trace =
        (c.trace() / static_cast<float>(n)) / static_cast<float>(1 + pull);  // of the covariance
    target += static_cast<float>(pull) * trace *
              Eigen::Map<const Eigen::VectorXf>(row.w, static_cast<Eigen::Index>(n));
    float& scale = weights.quant.scale[static_cast<size_t>(o)];
    float& bias_scale = bias.quant.scale[static_cast<size_t>(o)];
    if (weights.bits == 8) {
      round_channel(c, target, row, scale, q);
      return;
    }
    const float before = scale, x_scale = bias_scale / scale;
    std::vector<int8_t> candidate(static_cast<size_t>(n));
    float least = HUGE_VALF;
    for (const float factor : {1.0f, 0.75f, 0.83f, 0.91f, 1.1f, 1.2f}) {
      const float other = weights.groups ? exact_in_multiples(before * factor) : before * factor;
      const float error = round_channel(c, target, row, other, candidate.data());
      if (error >= least) continue;
      least = error;
      scale = other;
      std::copy(candidate.begin(), candidate.end(), q);
    }
    bias_scale = x_scale * scale;
  }

  // The bias as it is in float, for a scale that may have changed.
  void restore(const Op& like, int64_t o, QuantizedConstant& bias) const {
    const Tensor& real = *source_.constant(like.in[2]);
    const float value = real.data<float>()[real.elements() == 1 ? 0 : o];
    store_bias(value / static_cast<double>(bias.quant.scale[static_cast<size_t>(o)]), o, bias);
  }

  static void store_bias(double value, int64_t o, QuantizedConstant& bias) {
    bias.q.data<int32_t>()[o] =
        static_cast<int32_t>(std::clamp(std::nearbyint(value), -1073741824.0, 1073741824.0));
  }

  // The bias for which the mean error over the samples is nothing.
  static void correct(const Moments& m, int64_t i, const int8_t* q, int64_t o,
                      const QuantizedConstant& weights, QuantizedConstant& bias) {
    const float scale = weights.quant.scale[static_cast<size_t>(o)];
    double sum = 0;
    for (int64_t k = 0; k < m.x.size(); ++k) sum += q[k] * m.x[k];
    const double wanted = (m.y[i] - sum * scale) / m.count;
    store_bias(wanted / bias.quant.scale[static_cast<size_t>(o)], o, bias);
  }

  static void store(Graph& graph, ValueId id, const QuantizedConstant& constant) {
    graph[id].constant = std::make_shared<const Tensor>(dequantized(constant));
    graph[id].quantized = std::make_shared<const QuantizedConstant>(constant);
  }

  const Graph& source_;
  const TuneOptions& options_;
  Parameters& parameters_;
};

}  // namespace

void tune_layers(const Graph& graph, const Scheme& scheme, const Placement& placement,
                 const std::vector<Sample>& samples, const TuneOptions& options,
                 Parameters& parameters) {
  Graph rounded = insert_quantization(graph, scheme, placement, parameters);
  std::vector<bool> wanted(graph.ops.size());
  for (size_t i = 0; i < graph.ops.size(); ++i)
    wanted[i] = placement.integer_op[i] && scheme.forms[i] == Form::Layer;
  Tuner tuner(graph, options, parameters);
  run_lockstep(graph, rounded, wanted, samples,
               [&](const LayerRun& run, Graph& changed) { tuner.tune(run, changed); });
}

}  // namespace motec
