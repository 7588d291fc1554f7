// Mixed precision: operators get more bits, those first that hurt the outputs most, until the
// outputs are as exact as the user asks. What does not help by measurement stays as it was.
#pragma once
#include "quant/attempt.h"

namespace motec {

// Until attempt.loss() is `budget` at most, or nothing more fits.
void widen(Attempt& attempt, double budget);

}  // namespace motec
