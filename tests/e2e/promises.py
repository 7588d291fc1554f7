"""What motec promises of every model: equal inputs give equal files, compilation takes under two
seconds, quantizing under thirty, and the arena keeps within bounds that are known for some networks.

usage: promises.py MOTEC MODELS_DIR [SHARED_DATA_DIR]
"""
import filecmp
import json
import pathlib
import resource
import subprocess
import sys
import tempfile

# Bytes of activations that are alive at once, in float32, with no tensor over another.
ARENA_LIMITS = {"ic_float": 4 * 49152, "kws_float": 4 * 16000, "vww_float": 4 * 55296,
                "ad_float": 4 * 768}
# Bytes for int8 networks with --optimize balanced and ram: below what the arenas of runtimes that run
# layer by layer take, which is 55, 22.8 and 100.7 kB for ic, kws and vww.
INT8_LIMITS = {"ic_int8": (34500, 16500), "kws_int8": (9000, 6800), "vww_int8": (38000, 31000),
               "ad_int8": (900, 900), "sww_int8": (4400, 4000)}
# Bytes in each of several memories, where vww streams and only its image is in the slow one.
MEMORIES, MEMORY_LIMITS = "dtcm=16K,sram=64K", {"dtcm": 12288, "sram": 27648}
# Of processor time, from a float kws and its 200 samples to int8 firmware.
QUANTIZE_SECONDS = 30
# What --optimize ram may cost in estimated cycles, of the fastest plan with the same kernels.
SLOWDOWN = 1.1
# Estimated cycles with --optimize speed, which takes other kernels.
CYCLES = {"ic_int8": 9000000}
SECONDS = 2.0  # of processor time: machines that test are busy, and test unoptimized builds


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def compile_model(motec, model, folder, name, *options):
    report = folder / "report.json"
    start = processor_seconds()
    subprocess.run([motec, "compile", model, "-o", folder, "--target", "cortex-m4", "--name", name,
                    "--report", report, *options], check=True, stdin=subprocess.DEVNULL)
    return json.loads(report.read_text()), processor_seconds() - start


def check(motec, model):
    name = model.parent.name
    faults = []
    with tempfile.TemporaryDirectory() as temporary:
        first, second = pathlib.Path(temporary, "first"), pathlib.Path(temporary, "second")
        report, seconds = compile_model(motec, model, first, name)
        _, again = compile_model(motec, model, second, name)
        for path in first.rglob("*"):
            if path.is_file() and not filecmp.cmp(path, second / path.relative_to(first), shallow=False):
                faults.append(f"{path.name} differs between two runs")
    arena, bound = report["memory"]["arena_bytes"], report["memory"]["arena_lower_bound"]
    seconds = min(seconds, again)
    print(f"{name}: arena {arena} (bound {bound}), weights {report['memory']['weights_bytes']}, "
          f"compiled in {seconds:.2f} s")
    if seconds > SECONDS:
        faults.append(f"compilation took {seconds:.2f} s")
    if arena < bound:
        faults.append(f"the arena ({arena}) is below its lower bound ({bound})")
    limit = ARENA_LIMITS.get(name)
    if limit and arena > limit:
        faults.append(f"the arena is {arena} bytes, more than {limit}")
    return [f"{name}: {fault}" for fault in faults]


def check_int8(motec, model):
    name, faults, reports = model.parent.name, [], {}
    with tempfile.TemporaryDirectory() as temporary:
        for goal in ("speed", "balanced", "ram", "ram=min"):
            reports[goal], _ = compile_model(
                motec, model, pathlib.Path(temporary, goal), name, "--optimize", goal, "--io",
                "quantized", "--io-layout", "nhwc")
    arenas = {goal: report["memory"]["arena_bytes"] for goal, report in reports.items()}
    cycles = {goal: report["totals"]["est_cycles"] for goal, report in reports.items()}
    for goal, report in reports.items():
        print(f"{name} for {goal}: arena {arenas[goal]} "
              f"(bound {report['memory']['arena_lower_bound']}), {cycles[goal]} estimated cycles")
    for goal, limit in zip(("balanced", "ram"), INT8_LIMITS[name]):
        if arenas[goal] > limit:
            faults.append(f"{name}: {goal} takes {arenas[goal]} bytes, more than {limit}")
    fastest = min(plan["est_cycles"] for plan in reports["ram"]["plans"])
    if cycles["ram"] > SLOWDOWN * fastest:
        faults.append(f"{name}: ram takes {cycles['ram'] / fastest:.2f} of the fastest's cycles")
    if cycles["speed"] > CYCLES.get(name, fastest):
        faults.append(f"{name}: speed takes {cycles['speed']} cycles")
    return faults


def check_memories(motec, model):
    with tempfile.TemporaryDirectory() as temporary:
        report, seconds = compile_model(
            motec, model, pathlib.Path(temporary), "vww", "--optimize", "ram", "--io", "quantized",
            "--io-layout", "nhwc", "--memory", MEMORIES)
    taken = {memory["name"]: memory["bytes"] for memory in report["memory"]["memories"]}
    print(f"{model.parent.name} in {MEMORIES}: {taken}, compiled in {seconds:.2f} s")
    faults = [f"{name} takes {taken[name]} bytes, more than {limit}"
              for name, limit in MEMORY_LIMITS.items() if taken[name] > limit]
    if seconds > SECONDS:
        faults.append(f"compilation for several memories took {seconds:.2f} s")
    return faults


def check_quantizing(motec, shared):
    samples = shared / "calib" / "kws_calib.npy"
    with tempfile.TemporaryDirectory() as temporary:
        _, seconds = compile_model(motec, shared / "mlperf_tiny" / "kws_float" / "model.onnx",
                                   pathlib.Path(temporary), "kws", "--quantize", "int8",
                                   "--calibration", samples)
    print(f"kws_float: quantized and compiled in {seconds:.2f} s")
    return [f"kws took {seconds:.2f} s to quantize"] if seconds > QUANTIZE_SECONDS else []


def main():
    motec, models = sys.argv[1], [pathlib.Path(sys.argv[2])]
    if len(sys.argv) > 3 and sys.argv[3]:
        models.append(pathlib.Path(sys.argv[3], "mlperf_tiny"))
    faults = []
    for folder in models:
        for model in sorted(folder.glob("*/model.onnx")):
            faults += check(motec, model)
            if model.parent.name in INT8_LIMITS:
                faults += check_int8(motec, model)
            if model.parent.name == "vww_int8":
                faults += check_memories(motec, model)
    if len(models) > 1:
        faults += check_quantizing(motec, pathlib.Path(sys.argv[3]))
    print("\n".join(faults) or "all promises kept")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
