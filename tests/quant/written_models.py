"""What motec quantize writes, judged by onnx.checker: the sample models, and more if they are there.

usage: written_models.py MOTEC MODELS_DIR [SHARED_DATA_DIR]
"""
import pathlib
import subprocess
import sys
import tempfile


def main():
    motec, models = sys.argv[1], pathlib.Path(sys.argv[2])
    try:
        import onnx
    except ImportError as error:
        print(f"SKIPPED: {error}")
        return 0
    # The vectors of a model are a few samples: enough for a form to check.
    found = sorted(models.glob("*/model.onnx"))
    if len(sys.argv) > 3 and sys.argv[3]:
        shared = pathlib.Path(sys.argv[3])
        found += sorted(shared.glob("mlperf_tiny/*_float/model.onnx"))
        found += [shared / "models_float" / name / "model.onnx"
                  for name in ("digits_gru", "digits_transformer", "mnist8_cntk", "micro_kws_m")]
    with tempfile.TemporaryDirectory() as folder:
        for model in found:
            output = pathlib.Path(folder, "quantized.onnx")
            subprocess.run([motec, "quantize", "-q", model, "-o", output, "--calibration",
                            model.parent], check=True, stdin=subprocess.DEVNULL)
            written = onnx.load(output)
            onnx.checker.check_model(written, full_check=True)
            kinds = [node.op_type for node in written.graph.node]
            print(f"{model.parent.name}: {len(kinds)} nodes, "
                  f"{kinds.count('QuantizeLinear')} of them QuantizeLinear")
            assert "QuantizeLinear" in kinds
    return 0


if __name__ == "__main__":
    sys.exit(main())
