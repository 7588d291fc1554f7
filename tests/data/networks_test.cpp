// Real networks on real samples: how fast they are evaluated with every value observed, and that
// what is observed does not depend on the number of threads.
#include <catch2/catch.hpp>
#include <ctime>

#include "driver/samples.h"
#include "driver/testing.h"
#include "eval/evaluator.h"
#include "eval/variation.h"
#include "import/onnx_reader.h"
#include "support/parallel.h"

namespace motec {
namespace {

namespace fs = std::filesystem;

struct Observed {
  std::vector<std::vector<uint64_t>> prints;  // of every value, by sample
  double cpu_seconds = 0;
};

Observed observe(const Graph& graph, const Samples& samples, int threads) {
  Observed observed;
  const std::clock_t begin = std::clock();
  const Evaluator evaluator(graph);
  parallel_in_order(
      samples.count(),
      [&](int64_t i) {
        std::vector<uint64_t> prints;
        evaluator.run(samples.operands(i),
                      [&](ValueId, const Tensor& t) { prints.push_back(fingerprint(t)); });
        return prints;
      },
      [&](int64_t, std::vector<uint64_t> prints) { observed.prints.push_back(std::move(prints)); },
      {.threads = threads});
  observed.cpu_seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  return observed;
}

TEST_CASE("500 images of MobileNetV1-0.25 take less than a minute on two processors") {
  const fs::path shared = MOTE_SHARED_DATA;
  const fs::path data = shared / "calib/vww_calib.npy";
  const fs::path model = shared / "mlperf_tiny/vww_float/model.onnx";
  if (MOTE_SHARED_DATA[0] == '\0' || !fs::exists(data)) {
    WARN("skipped: MOTE_SHARED_DATA is not set");
    return;
  }
  const Graph graph = import_onnx(model, {});
  const Samples samples = open_samples({data.string()}, data_ports(graph, model_inputs(model)));
  const Observed alone = observe(graph, samples, 1), together = observe(graph, samples, 4);
  CHECK((alone.prints == together.prints));
  CHECK((alone.prints.front() != alone.prints.back()));
  const double seconds = alone.cpu_seconds / static_cast<double>(samples.count()) * 500;
  WARN("500 images take " << seconds << " s of one processor, with every value observed");
  CHECK(seconds < 120);
}

}  // namespace
}  // namespace motec
