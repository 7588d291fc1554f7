// A network that slides over a stream, one call for each move: every layer computes the rows that
// are new, from the newest rows of its operand, which are kept between calls.
#pragma once
#include <optional>
#include <string>

#include "ir/graph.h"

namespace motec {

struct StreamTime {
  std::string input;
  // By how many frames the input moves on in a call. Empty: the fewest that the strides allow.
  std::optional<int64_t> frames = {};
};

// The axis is the one along which the most layers keep rows. From the call
// Graph::time->first_call() on, outputs are those of the given graph for the window of the stream
// that ends with the newest frame; an output with an axis of time has the new rows of it alone.
// States are added, which begin as zeros. Runs after all passes. Fails with E1115 if there is no
// such input, with E1117 if the frames do not fit, and with E4104, naming the layer and the reason,
// if no layer can keep rows.
void stream_time(Graph& graph, const StreamTime& options);

}  // namespace motec
