#include "eval/classes.h"

#include <algorithm>
#include <cmath>

#include "support/diag.h"

namespace motec {

int64_t predicted_class(const Tensor& scores) {
  const std::vector<double> values = to_doubles(scores);
  internal_check(!values.empty(), "there are no scores");
  if (values.size() == 1) return values[0] > 0.5;
  size_t best = 0;
  for (size_t i = 1; i < values.size(); ++i)
    if (values[i] > values[best] || (std::isnan(values[best]) && !std::isnan(values[i]))) best = i;
  return static_cast<int64_t>(best);
}

int64_t class_count(int64_t scores) { return std::max<int64_t>(scores, 2); }

}  // namespace motec
