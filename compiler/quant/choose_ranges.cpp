#include "quant/choose_ranges.h"

#include <algorithm>
#include <cmath>

#include "ir/op_def.h"
#include "ops/quantize.h"

namespace motec {
namespace {

Tensor rounded(const Tensor& x, const Affine& affine, DType dtype) {
  Tensor y = x;
  const double lo = lowest_of(dtype) - affine.zp, hi = highest_of(dtype) - affine.zp;
  for (int64_t i = 0; i < y.elements(); ++i) {
    const double q = std::clamp(std::nearbyint(y.data<float>()[i] / affine.scale), lo, hi);
    y.data<float>()[i] = static_cast<float>(q * affine.scale);
  }
  return y;
}

struct Error {
  double noise = 0, signal = 0;
  void add(const Tensor& got, const Tensor& want) {
    for (int64_t i = 0; i < want.elements(); ++i) {
      const double x = want.data<float>()[i], d = got.data<float>()[i] - x;
      signal += x * x;
      noise += d * d;
    }
  }
};

struct Candidate {
  RangeChoice choice;
  Affine affine;
  std::vector<Error> errors;  // by reader
  double error() const {
    double sum = 0;
    for (const Error& e : errors) sum += e.noise / std::max(e.signal, 1e-30);
    return sum;
  }
};

// An operator that reads a member of a group.
struct Reader {
  int op = -1;  // -1: nobody does, and the member itself is compared
  ValueId operand;
};

class Chooser {
 public:
  Chooser(const Graph& graph, const Scheme& scheme, const Placement& placement,
          const Precisions& precisions, const std::vector<Histogram>& histograms)
      : graph_(graph), scheme_(scheme), users_(users_of(graph)) {
    candidates_.resize(scheme.groups.size());
    readers_.resize(scheme.groups.size());
    for (size_t g = 0; g < scheme.groups.size(); ++g) {
      dtypes_.push_back(precisions.groups[g] == Precision::S16 ? DType::S16 : DType::S8);
      if (!placement.active[g] || scheme.groups[g].known) continue;
      find_readers(g, placement);
      for (const RangeMethod method : range_methods()) {
        const int levels = dtypes_[g] == DType::S16 ? 65536 : 256;
        const Range range = find_range(histograms[g], method, levels);
        Candidate c{{range, method}, affine_of(range, dtypes_[g]), {}};
        c.errors.resize(readers_[g].size());
        const bool known =
            std::any_of(candidates_[g].begin(), candidates_[g].end(), [&](const Candidate& other) {
              return other.affine.zp == c.affine.zp &&
                     std::abs(other.affine.scale / c.affine.scale - 1) < 0.01;
            });
        if (!known) candidates_[g].push_back(std::move(c));
      }
    }
  }

  // The values of one sample, by value.
  void see(const std::vector<Tensor>& values) {
    for (size_t g = 0; g < candidates_.size(); ++g) {
      if (candidates_[g].size() < 2) continue;
      for (Candidate& c : candidates_[g])
        for (size_t r = 0; r < readers_[g].size(); ++r) compare(g, readers_[g][r], values, c, r);
    }
  }

  std::vector<RangeChoice> best() const {
    std::vector<RangeChoice> result;
    for (size_t g = 0; g < candidates_.size(); ++g) {
      const auto& known = scheme_.groups[g].known;
      if (known || candidates_[g].empty()) {
        result.push_back({known.value_or(Range{0, 1}), RangeMethod::MinMax});
        continue;
      }
      result.push_back(std::min_element(candidates_[g].begin(), candidates_[g].end(),
                                        [](const Candidate& a, const Candidate& b) {
                                          return a.error() < b.error();
                                        })
                           ->choice);
    }
    return result;
  }

 private:
  void find_readers(size_t g, const Placement& placement) {
    for (const ValueId id : scheme_.groups[g].values)
      for (const int op : users_[static_cast<size_t>(id.index)])
        if (placement.integer_op[static_cast<size_t>(op)] &&
            scheme_.forms[static_cast<size_t>(op)] != Form::Recurrent)
          readers_[g].push_back({op, id});
    if (readers_[g].empty()) readers_[g].push_back({-1, scheme_.groups[g].values[0]});
  }

  void compare(size_t g, const Reader& reader, const std::vector<Tensor>& values, Candidate& c,
               size_t at) {
    const auto value_of = [&](ValueId id) -> const Tensor* {
      if (!id) return nullptr;
      const Tensor* constant = graph_.constant(id);
      return constant ? constant : &values[static_cast<size_t>(id.index)];
    };
    const Tensor operand = rounded(*value_of(reader.operand), c.affine, dtypes_[g]);
    if (reader.op < 0) return c.errors[at].add(operand, *value_of(reader.operand));
    Tensor changed = operand;
    ValueId last = reader.operand;
    // What is fused behind counts, too: a Relu hides what becomes of negative sums.
    for (int next = reader.op; next >= 0;) {
      const Op& op = graph_.ops[static_cast<size_t>(next)];
      EvalCtx ctx;
      for (const ValueId id : op.in) ctx.in.push_back(id == last ? &changed : value_of(id));
      Tensor result = Tensor::zeros(DType::F32, graph_.type(op.out[0]).shape);
      ctx.out.push_back(&result);
      evaluate(op, ctx);
      changed = std::move(result);
      last = op.out[0];
      next = scheme_.is_fused(last) ? users_[static_cast<size_t>(last.index)][0] : -1;
    }
    c.errors[at].add(changed, *value_of(last));
  }

  const Graph& graph_;
  const Scheme& scheme_;
  std::vector<std::vector<int>> users_;
  std::vector<DType> dtypes_;
  std::vector<std::vector<Candidate>> candidates_;  // by group
  std::vector<std::vector<Reader>> readers_;        // by group
};

}  // namespace

std::vector<RangeChoice> choose_ranges(const Graph& graph, const Scheme& scheme,
                                       const Placement& placement, const Precisions& precisions,
                                       const std::vector<Histogram>& histograms,
                                       const std::vector<Sample>& samples) {
  Chooser chooser(graph, scheme, placement, precisions, histograms);
  std::vector<ValueId> wanted;
  for (const Port& port : graph.inputs) wanted.push_back(port.value);
  for (const Op& op : graph.ops) wanted.insert(wanted.end(), op.out.begin(), op.out.end());
  evaluate_samples(graph, samples, wanted, [&](size_t, std::vector<Tensor> results) {
    std::vector<Tensor> values(graph.values.size());
    for (size_t i = 0; i < wanted.size(); ++i)
      values[static_cast<size_t>(wanted[i].index)] = std::move(results[i]);
    chooser.see(values);
  });
  return chooser.best();
}

}  // namespace motec
