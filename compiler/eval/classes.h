// What the scores of a classifier stand for.
#pragma once
#include <cstdint>

#include "ir/tensor.h"

namespace motec {

// The class that scores stand for: the first of the largest, or, where there is one score only,
// whether it is more than a half. NaN is never the largest.
int64_t predicted_class(const Tensor& scores);

// The number of classes that so many scores tell apart.
int64_t class_count(int64_t scores);

}  // namespace motec
