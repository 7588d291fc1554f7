"""Code that was emitted for any target gives the same bytes when it is built on the host: its weights
are packed for the target, and the portable kernels read that packing.

usage: on_host.py MOTEC CXX MODEL_FOLDER...
"""
import pathlib
import subprocess
import sys
import tempfile

TARGETS = ["cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m55", "rv32imc", "rv32gcv", "aarch64",
           "aarch64-dotprod", "armv7-neon"]


def check(motec, cxx, folder, target):
    with tempfile.TemporaryDirectory() as temporary:
        out = pathlib.Path(temporary)
        subprocess.run([motec, "compile", folder / "model.onnx", "-o", out, "--name", "net",
                        "--target", target, "--emit-test", folder], check=True,
                       stdin=subprocess.DEVNULL)
        subprocess.run([cxx, "-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror", "-I", out,
                        *sorted(out.glob("*.cpp")), "-o", out / "net"], check=True)
        result = subprocess.run([out / "net"], capture_output=True, text=True)
    verdict = result.stdout.strip().splitlines()[-1] if result.stdout else "no output"
    print(f"{folder.name} for {target}, on the host: {verdict}", flush=True)
    if result.returncode != 0:
        print(result.stdout)
    return result.returncode == 0


def main():
    motec, cxx, *folders = sys.argv[1:]
    results = [check(motec, cxx, pathlib.Path(folder), target)
               for folder in folders for target in TARGETS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
