#include "quant/patches.h"

#include <algorithm>

#include "ops/conv2d.h"
#include "ops/dense.h"

namespace motec {
namespace {

using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct Geometry {
  int64_t groups = 1, per_sample = 0;  // result positions of a sample
  int64_t depth = 0, outputs = 0;      // of a group
};

Geometry geometry_of(const Op& op, const Graph& graph) {
  const Shape& w = graph.type(op.in[1]).shape;
  const Shape& y = graph.type(op.out[0]).shape;
  Geometry g;
  g.groups = op.def == &ops::conv2d ? op.as<Conv2dAttrs>().groups : 1;
  g.outputs = w[0] / g.groups;
  g.depth = product(w, 1, w.size());
  g.per_sample = product(y, 0, y.size() - 1);
  return g;
}

// The operand under the weights for result position `at`, of one group.
void read_patch(const Op& op, const Graph& graph, const Tensor& x, int64_t at, int64_t group,
                float* row) {
  if (op.def == &ops::dense) {
    const int64_t depth = x.shape.back();
    std::copy_n(x.data<float>() + at * depth, depth, row);
    return;
  }
  const auto& a = op.as<Conv2dAttrs>();
  const Shape &w = graph.type(op.in[1]).shape, &y = graph.type(op.out[0]).shape;
  const int64_t rows = y[1], columns = y[2], per_group = w[3];
  const int64_t n = at / (rows * columns), r = at / columns % rows, c = at % columns;
  for (int64_t kh = 0; kh < w[1]; ++kh) {
    const int64_t h = r * a.stride[0] - a.pad[0] + kh * a.dilation[0];
    for (int64_t kw = 0; kw < w[2]; ++kw, row += per_group) {
      const int64_t v = c * a.stride[1] - a.pad[1] + kw * a.dilation[1];
      if (h < 0 || h >= x.shape[1] || v < 0 || v >= x.shape[2]) {
        std::fill_n(row, per_group, 0.0f);
      } else {
        const int64_t pixel = (n * x.shape[1] + h) * x.shape[2] + v;
        std::copy_n(x.data<float>() + pixel * x.shape[3] + group * per_group, per_group, row);
      }
    }
  }
}

}  // namespace

std::vector<Moments> moments_of(const LayerRun& run, const Graph& graph, int64_t most) {
  const Op& op = *run.quantized;
  const Geometry g = geometry_of(op, graph);
  const int64_t total = g.per_sample * std::ssize(run.x);
  const int64_t count = std::min(total, most);
  std::vector<Moments> result;
  Rows x(count, g.depth), y(count, g.outputs);
  for (int64_t group = 0; group < g.groups; ++group) {
    for (int64_t i = 0; i < count; ++i) {
      // Evenly spread, and never in step with the width of a map: 2^32 / phi.
      const int64_t spread = i * total / count;
      const int64_t jitter = (i * 2654435769LL >> 8) % std::max<int64_t>(total / count, 1);
      const int64_t at = std::min(spread + jitter, total - 1);
      const auto sample = static_cast<size_t>(at / g.per_sample);
      read_patch(op, graph, *run.x[sample], at % g.per_sample, group, x.row(i).data());
      const float* target = run.target[sample]->data<float>() +
                            at % g.per_sample * g.outputs * g.groups + group * g.outputs;
      std::copy_n(target, g.outputs, y.row(i).data());
    }
    Moments m;
    m.count = static_cast<double>(count);
    m.xx = x.transpose() * x;
    m.xy = x.transpose() * y;
    m.x = x.cast<double>().colwise().sum().transpose();
    m.y = y.cast<double>().colwise().sum().transpose();
    result.push_back(std::move(m));
  }
  return result;
}

}  // namespace motec
