// The other side of mixed precision: layers get weights of 4 bits, those first that add the least
// error for the bytes they save, until the network fits the memory it is for.
#pragma once
#include "quant/attempt.h"

namespace motec {

// No layer is narrow that need not be; where nothing fits, all are.
void narrow(Attempt& attempt);

}  // namespace motec
