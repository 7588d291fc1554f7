// Einsum. Operands are brought together one after the other: labels that nothing later needs are
// summed, those that two operands share are either kept as a batch or contracted by a matrix
// product.
#include <algorithm>
#include <numeric>

#include "import/importers.h"
#include "import/reductions.h"
#include "ops/dense.h"
#include "ops/matmul.h"
#include "ops/move.h"
#include "ops/shapes.h"
#include "support/diag.h"

namespace motec {
namespace {

// A label is a letter. Dimensions under an ellipsis get '0', '1', ... counted from the last one, so
// that they line up as in broadcasting; a rank above ten there is refused.
using Labels = std::string;

struct Term {
  ValueId x;
  Labels labels;  // one per dimension
};

struct Equation {
  std::vector<Labels> in;
  Labels out;
};

bool has(const Labels& labels, char label) { return labels.find(label) != labels.npos; }

Labels ellipsis_labels(int64_t count) {
  Labels labels;
  for (int64_t i = count - 1; i >= 0; --i) labels += static_cast<char>('0' + i);
  return labels;
}

// "a...b" for a given number of dimensions under the ellipsis.
Labels expand_ellipsis(const Node& n, const std::string& text, int64_t count) {
  const size_t dots = text.find("...");
  Labels labels = text;
  if (dots != text.npos) labels.replace(dots, 3, ellipsis_labels(count));
  for (const char c : labels) {
    const bool known = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    n.require(known && (dots != text.npos || c > '9'),
              fmt::format("Einsum: '{}' is no list of labels", text));
  }
  return labels;
}

Equation read_equation(const Node& n) {
  std::string text = n.attr_string("equation");
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  const size_t arrow = text.find("->");
  const std::vector<std::string> terms = split(text.substr(0, arrow), ',');
  n.require(terms.size() == n.in_count(),
            fmt::format("Einsum: '{}' is not for {} operands", text, n.in_count()));
  Equation e;
  int64_t most_dots = 0;
  for (size_t i = 0; i < terms.size(); ++i) {
    const bool dots = terms[i].find("...") != std::string::npos;
    const int64_t named = std::ssize(terms[i]) - (dots ? 3 : 0);
    const int64_t under = static_cast<int64_t>(n.rank(i)) - named;
    n.require(dots ? under >= 0 : under == 0,
              fmt::format("Einsum: '{}' does not fit {}", terms[i], to_string(n.shape(i))));
    if (under > 10) n.unsupported("an ellipsis for more than 10 dimensions");
    e.in.push_back(expand_ellipsis(n, terms[i], under));
    most_dots = std::max(most_dots, under);
  }
  if (arrow != text.npos) {
    e.out = expand_ellipsis(n, text.substr(arrow + 2), most_dots);
  } else {
    // Without an arrow: the ellipsis, then the labels that occur once, in alphabetical order.
    Labels all;
    for (const Labels& labels : e.in) all += labels;
    std::sort(all.begin(), all.end());
    e.out = ellipsis_labels(most_dots);
    for (const char c : all)
      if (c > '9' && std::count(all.begin(), all.end(), c) == 1) e.out += c;
  }
  for (const char c : e.out) {
    const bool known =
        std::any_of(e.in.begin(), e.in.end(), [c](const Labels& labels) { return has(labels, c); });
    n.require(known && std::count(e.out.begin(), e.out.end(), c) == 1,
              fmt::format("Einsum: label '{}' of the result is unknown or named twice", c));
  }
  return e;
}

Term permute(Node& n, const Term& t, const Labels& to) {
  if (to == t.labels) return t;
  std::vector<int> perm;
  for (const char c : to) perm.push_back(static_cast<int>(t.labels.find(c)));
  return {n.transpose(t.x, perm), to};
}

// A label that a term names twice: of [..., n, n] with both dimensions last, every (n + 1)-th
// element is on the diagonal.
Term take_diagonals(Node& n, Term t) {
  for (size_t i = 0; i < t.labels.size(); ++i) {
    const size_t j = t.labels.find(t.labels[i], i + 1);
    if (j == t.labels.npos) continue;
    std::vector<int> perm;
    for (size_t d = 0; d < t.labels.size(); ++d)
      if (d != i && d != j) perm.push_back(static_cast<int>(d));
    perm.push_back(static_cast<int>(i));
    perm.push_back(static_cast<int>(j));
    Shape flat = permuted(n.shape(t.x), perm);
    const int64_t size = flat.back();
    n.require(flat[flat.size() - 2] == size,
              fmt::format("Einsum: label '{}' has two sizes", t.labels[i]));
    flat.pop_back();
    flat.back() = size * size;
    const ValueId x = n.reshape(n.transpose(t.x, perm), flat);
    SliceAttrs slice{.start = Shape(flat.size(), 0), .step = Shape(flat.size(), 1), .size = flat};
    slice.step.back() = size + 1;
    slice.size.back() = size;
    t.x = n.add(ops::slice, slice, {x});
    t.labels = t.labels.substr(0, i) + t.labels.substr(i + 1, j - i - 1) + t.labels.substr(j + 1) +
               t.labels[i];
    i = static_cast<size_t>(-1);  // from the beginning
  }
  return t;
}

Term sum_unneeded(Node& n, const Term& t, const Labels& needed) {
  std::vector<int> axes;
  Labels left;
  for (size_t d = 0; d < t.labels.size(); ++d) {
    if (has(needed, t.labels[d])) {
      left += t.labels[d];
    } else {
      axes.push_back(static_cast<int>(d));
    }
  }
  return axes.empty() ? t : Term{reduce(n, ReduceKind::Sum, t.x, axes, false), left};
}

// A dimension of 1 is repeated where the other term has more.
Term broadcast_shared(Node& n, Term t, const Term& other) {
  Shape to = n.shape(t.x);
  for (size_t d = 0; d < to.size(); ++d) {
    const size_t at = other.labels.find(t.labels[d]);
    if (at == other.labels.npos) continue;
    const int64_t size = n.shape(other.x)[at];
    n.require(to[d] == size || to[d] == 1 || size == 1,
              fmt::format("Einsum: label '{}' is {} and {}", t.labels[d], to[d], size));
    if (to[d] == 1) to[d] = size;
  }
  if (to != n.shape(t.x)) t.x = n.add(ops::expand, ExpandAttrs{to}, {t.x});
  return t;
}

Shape dims_of(const Node& n, const Term& t, const Labels& labels) {
  Shape dims;
  for (const char c : labels) dims.push_back(n.shape(t.x)[t.labels.find(c)]);
  return dims;
}

// The product of both terms, summed over the labels in both that `needed` lacks.
Term contract(Node& n, Term a, Term b, const Labels& needed) {
  a = sum_unneeded(n, a, needed + b.labels);
  b = sum_unneeded(n, b, needed + a.labels);
  a = broadcast_shared(n, a, b);
  b = broadcast_shared(n, b, a);
  if (n.constant(a.x) && !n.constant(b.x)) std::swap(a, b);  // weights second
  Labels batch, rows, columns, summed;
  for (const char c : a.labels) (!has(b.labels, c) ? rows : has(needed, c) ? batch : summed) += c;
  for (const char c : b.labels)
    if (!has(a.labels, c)) columns += c;

  const int64_t batches = element_count(dims_of(n, a, batch)),
                m = element_count(dims_of(n, a, rows)), k = element_count(dims_of(n, a, summed)),
                columns_count = element_count(dims_of(n, b, columns));
  Shape y = dims_of(n, a, batch + rows);
  for (const int64_t dim : dims_of(n, b, columns)) y.push_back(dim);
  a = permute(n, a, batch + rows + summed);
  b = permute(n, b, batch + columns + summed);
  ValueId product;
  if (n.type(a.x).dtype != DType::F32 || k == 0) {
    product = n.binary(BinaryFn::Mul, n.reshape(a.x, {batches, m, 1, k}),
                       n.reshape(b.x, {batches, 1, columns_count, k}));
    product = reduce(n, ReduceKind::Sum, product, {3}, false);
  } else if (batch.empty() && n.constant(b.x)) {
    product = n.add(ops::dense, DenseAttrs{},
                    {n.reshape(a.x, {m, k}), n.reshape(b.x, {columns_count, k})});
  } else {
    product = n.add(ops::matmul, MatMulAttrs{.transpose_b = true, .act = {}},
                    {n.reshape(a.x, {batches, m, k}), n.reshape(b.x, {batches, columns_count, k})});
  }
  return {n.reshape(product, y), batch + rows + columns};
}

void import_einsum(Node& n) {
  const Equation e = read_equation(n);
  Term t = take_diagonals(n, {n.in(0), e.in[0]});
  for (size_t i = 1; i < e.in.size(); ++i) {
    Labels needed = e.out;
    for (size_t j = i + 1; j < e.in.size(); ++j) needed += e.in[j];
    t = contract(n, t, take_diagonals(n, {n.in(i), e.in[i]}), needed);
  }
  t = permute(n, sum_unneeded(n, t, e.out), e.out);
  n.set(n.unary(UnaryFn::Identity, t.x));
}

constexpr Importer kImporters[] = {{"Einsum", import_einsum}};

}  // namespace

std::span<const Importer> einsum_importers() { return kImporters; }

}  // namespace motec
