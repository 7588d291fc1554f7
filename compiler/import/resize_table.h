// How resizing an axis reads it: which elements, with which weights. Resize-19 in tables.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace motec {

struct ResizeRule {
  enum class Mode : uint8_t { Nearest, Linear, Cubic };
  Mode mode = Mode::Nearest;
  std::string coordinates = "half_pixel";      // coordinate_transformation_mode
  std::string nearest = "round_prefer_floor";  // nearest_mode; "ceil_when_shrinking" for Resize-10
  double cubic_a = -0.75;
  bool antialias = false;
  bool exclude_outside = false;
};

// One axis: from `in` to `out` elements.
struct ResizeAxis {
  int64_t in = 0, out = 0;
  double scale = 1;
  double roi_start = 0, roi_end = 1;  // for tf_crop_and_resize
};

// Result j is the sum of weights[j * taps + t] * x[first[j] + t], all of it inside the axis.
struct ResizeTable {
  int64_t taps = 0;
  std::vector<int64_t> first;
  std::vector<float> weights;
  std::vector<bool> outside;  // tf_crop_and_resize: the extrapolation value stands here
  bool any_outside() const;
};

bool known_coordinates(const std::string& mode);
bool known_nearest(const std::string& mode);

ResizeTable resize_table(const ResizeRule& rule, const ResizeAxis& axis);

}  // namespace motec
