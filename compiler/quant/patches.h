// What a layer multiplies its weights with: the operand of a convolution or fully connected layer
// as rows, one for each result position, and second moments of them.
#pragma once
#include <Eigen/Dense>
#include <vector>

#include "quant/lockstep.h"

namespace motec {

// Sums over positions of one group of a layer's channels. Depth is the number of weights of an
// output channel.
struct Moments {
  double count = 0;
  Eigen::MatrixXf xx;  // [depth, depth]: sum of x x^T
  Eigen::VectorXd x;   // [depth]
  Eigen::MatrixXf xy;  // [depth, outputs of the group]
  Eigen::VectorXd y;   // [outputs of the group]
};

// One for each group. Of layers with more positions, a fixed choice of at most `most` is taken.
std::vector<Moments> moments_of(const LayerRun& run, const Graph& graph, int64_t most);

}  // namespace motec
