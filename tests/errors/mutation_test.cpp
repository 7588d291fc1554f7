// Damaged models: whatever the bytes are, import and passes either succeed or report an error.
#include <catch2/catch.hpp>
#include <chrono>
#include <random>

#include "import/onnx_reader.h"
#include "passes/pipeline.h"
#include "support/diag.h"
#include "support/files.h"

namespace motec {
namespace {

using Random = std::minstd_rand;  // the same numbers everywhere

size_t below(Random& random, size_t n) { return n ? random() % n : 0; }

// Changes a few bytes, cuts, or moves pieces about.
std::string mutated(std::string bytes, Random& random) {
  const size_t count = 1 + below(random, 4);
  for (size_t i = 0; i < count && !bytes.empty(); ++i) {
    const size_t at = below(random, bytes.size());
    const size_t length = 1 + below(random, std::min<size_t>(64, bytes.size() - at));
    switch (below(random, 7)) {
      case 0:
        bytes[at] ^= static_cast<char>(1 << below(random, 8));
        break;
      case 1:
        bytes[at] = static_cast<char>(random());
        break;
      case 2:
        bytes[at] = static_cast<char>(0xff);
        break;
      case 3:
        bytes.erase(at, length);
        break;
      case 4:
        bytes.insert(at, bytes.substr(below(random, bytes.size()), length));
        break;
      case 5:
        bytes.replace(at, length, bytes.substr(below(random, bytes.size()), length));
        break;
      default:
        if (below(random, 8) == 0) bytes.resize(at);
    }
  }
  return bytes;
}

// Structure is dense in the models' first and last bytes; between them are weights.
std::string mutated_at_ends(const std::string& bytes, Random& random) {
  constexpr size_t kEnd = 3000;
  if (bytes.size() <= 2 * kEnd) return mutated(bytes, random);
  const std::string middle = bytes.substr(kEnd, bytes.size() - 2 * kEnd);
  if (below(random, 2)) return mutated(bytes.substr(0, kEnd), random) + bytes.substr(kEnd);
  return bytes.substr(0, bytes.size() - kEnd) + mutated(bytes.substr(bytes.size() - kEnd), random);
}

TEST_CASE("damaged models are refused or understood") {
  const std::string name =
      GENERATE("models/digits", "models/ecg", "models/vibration", "tests/quantized/dynamic",
               "tests/quantized/qdq_u8", "tests/quantized/qoperator_integers",
               "tests/quantized/int4_weights");
  const std::string model = read_file(std::string(MOTE_SOURCE_DIR) + "/" + name + "/model.onnx");
  const unsigned count = name == "models/digits" ? 2000 : 500;
  unsigned understood = 0;
  for (unsigned seed = 1; seed <= count; ++seed) {
    INFO("model " << name << ", seed " << seed);
    Random random(seed);
    const std::string bytes = seed % 4 ? mutated_at_ends(model, random) : mutated(model, random);
    const auto start = std::chrono::steady_clock::now();
    try {
      Graph graph = import_onnx_bytes(bytes, {}, {});
      run_passes(graph, {});
      ++understood;
    } catch (const CompileError&) {
    } catch (const std::exception& error) {
      FAIL("not a CompileError, but: " << error.what());
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    REQUIRE(seconds.count() < 10);
  }
  WARN(name << ": " << understood << " of " << count << " damaged models were still models");
}

}  // namespace
}  // namespace motec
