"""ONNX's own operator tests, through emitted code on the host.

Every case is compiled by motec. Operands that only exist at run time there but are shapes, axes or
weights in any real model are frozen to the values of the test, as motec's diagnostic asks. The
emitted programs are built in batches and run. Each case passes, is refused with a diagnostic
(exit code 1), or is a failure: wrong results, code that does not build, a crash, a hang.

usage: run.py MOTEC ARCHIVE.tar.gz EXPECTED.txt [CASE_SUBSTRING]

EXPECTED.txt holds the number of cases that pass; fewer are a failure, more must be written down
there (UPDATE_GOLDEN=1 does).
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

BATCH = 40
CXX = ["g++", "-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror", "-fno-exceptions", "-fno-rtti"]
# ONNX's own runner compares with a relative tolerance of 1e-3.
TOLERANCE = "1e-4"
# Their expected int8 results wrap around where QLinearMatMul-21 saturates.
WRONG_VECTORS = {f"test_qlinearmatmul_{d}D_int8_float{n}" for d in (2, 3) for n in (16, 32)}
FROZEN = re.compile(r"operand '([^']+)'\) is only known at run time")


def run(argv, seconds):
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=seconds,
                              stdin=subprocess.DEVNULL, errors="replace")
        return done.returncode, done.stdout + done.stderr
    except subprocess.TimeoutExpired:
        return -1, "timed out"


def input_files(model, data):
    """The test's input files by graph input name, in graph order."""
    _, text = run([MOTEC, "inspect", model], 60)
    names = re.findall(r"^  input +(\S+) ", text, re.M)
    return {name: data / f"input_{i}.pb" for i, name in enumerate(names)}


def compile_case(case, folder, name):
    """("ok" | "refused" | "failed", text) of one case."""
    model = case / "model.onnx"
    data = case / "test_data_set_0"
    argv = [MOTEC, "compile", model, "-o", folder, "--name", name, "--target", "generic",
            "--emit-test", case, "--tolerance", TOLERANCE]
    inputs, frozen = None, []
    while True:
        code, text = run([*argv, *frozen], 60)
        if code == 0:
            return "ok", ""
        wrong = "error[E5208]" in text and case.name not in WRONG_VECTORS
        if code != 1 or wrong:
            return "failed", f"exit code {code}: {text}"
        names = FROZEN.findall(text)
        inputs = inputs if inputs is not None else input_files(model, data)
        new = [f"--input-value={n}={inputs[n]}" for n in names
               if n in inputs and inputs[n].exists()]
        new = [option for option in new if option not in frozen]
        if not new:
            return "refused", text
        frozen += new


def build_and_run(folder, names):
    """name -> None if it passed, else what went wrong."""
    main = folder / f"{names[0]}_main.cpp"
    lines = []
    for name in names:
        lines += [f"#define {name.upper()}_TEST_NO_MAIN", f'#include "{name}/{name}.cpp"',
                  f'#include "{name}/{name}_weights.cpp"', f'#include "{name}/{name}_test.cpp"']
    calls = "".join(f"  {name}_test();\n  fflush(stdout);\n" for name in names)
    main.write_text("\n".join(lines) + f"\nint main() {{\n{calls}  return 0;\n}}\n")
    program = folder / f"{names[0]}.out"
    includes = [f"-I{folder / name}" for name in names]
    code, text = run([*CXX, *includes, main, "-o", program, "-lm"], 600)
    if code == 0:
        code, text = run([program], 120)
    if code == 0:
        passed = set(re.findall(r"^(\w+): PASS$", text, re.M))
        return {n: None if n in passed else "\n".join(
            line for line in text.split("\n") if line.startswith(f"{n}")) or "no result"
            for n in names}
    if len(names) == 1:
        return {names[0]: text[-2000:]}
    middle = len(names) // 2  # one of them is to blame
    return {**build_and_run(folder, names[:middle]), **build_and_run(folder, names[middle:])}


def main():
    archive, expected = sys.argv[2], pathlib.Path(sys.argv[3])
    only = sys.argv[4] if len(sys.argv) > 4 else ""
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        with tarfile.open(archive) as tar:
            tar.extractall(root / "cases")
        cases = sorted(p.parent for p in (root / "cases").rglob("model.onnx") if only in str(p))
        light = sorted(p for p in (root / "cases").rglob("light_*.onnx") if only in str(p))
        out = root / "out"
        out.mkdir()
        names = {f"t{i}": case for i, case in enumerate(cases)}
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            states = dict(zip(names, pool.map(
                lambda name: compile_case(names[name], out / name, name), names)))
            good = [name for name in names if states[name][0] == "ok"]
            batches = [good[i:i + BATCH] for i in range(0, len(good), BATCH)]
            results = {}
            for part in pool.map(lambda batch: build_and_run(out, batch), batches):
                results.update(part)
            # Full-size classifiers without stored inputs: they must compile or be refused.
            light_states = list(pool.map(
                lambda model: run([MOTEC, "inspect", model], 120), light))
        passed = [n for n in good if results[n] is None]
        refused = [n for n in names if states[n][0] == "refused"]
        failed = [(n, states[n][1]) for n in names if states[n][0] == "failed"]
        failed += [(n, results[n]) for n in good if results[n] is not None]
        for model, (code, text) in zip(light, light_states):
            if code not in (0, 1):
                failed.append((model.name, f"exit code {code}: {text}"))
        base = root / "cases"
        label = lambda n: str(names[n].relative_to(base)) if n in names else n
        for name in refused:
            first = next((line for line in states[name][1].split("\n") if "error[" in line), "")
            print(f"refused {label(name)}: {first}")
        for name, why in failed:
            print(f"FAILED {label(name)}: {why}")
        print(f"{len(passed)} passed, {len(refused)} refused, {len(light)} only inspected, "
              f"{len(failed)} failed of {len(cases) + len(light)} cases")
        if only:
            return 1 if failed else 0
        want = int(expected.read_text()) if expected.exists() else 0
        if os.environ.get("UPDATE_GOLDEN"):
            expected.write_text(f"{len(passed)}\n")
        elif len(passed) != want:
            print(f"expected {want} to pass; if more do, run again with UPDATE_GOLDEN=1")
            return 1
        return 1 if failed else 0


MOTEC = sys.argv[1] if len(sys.argv) > 1 else ""
if __name__ == "__main__":
    sys.exit(main())
