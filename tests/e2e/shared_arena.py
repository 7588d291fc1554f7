"""Several models compiled together: their files, their report, and a C program in which they share
one arena and give what each gives in an arena of its own.

usage: shared_arena.py MOTEC CC CXX MODEL MODEL MODEL
"""
import json
import pathlib
import subprocess
import sys
import tempfile

MAIN = """#include <stdio.h>
#include <string.h>
%(includes)s
enum { kBytes = MOTE_ARENA_MAX(A_ARENA_BYTES, MOTE_ARENA_MAX(B_ARENA_BYTES, C_ARENA_BYTES)) };
#if MOTE_ARENA_MAX(A_ARENA_BYTES, B_ARENA_BYTES) < A_ARENA_BYTES
#error "it works in #if, too"
#endif
/* Bytes behind the arena must stay as they are. */
static union { float alignment; uint8_t bytes[kBytes + 64]; } shared __attribute__((aligned(16)));
static uint8_t own[kBytes] __attribute__((aligned(16)));

static void fill(float *values, uint32_t count, int seed) {
  for (uint32_t i = 0; i < count; ++i) values[i] = (float)((i * 37u + (uint32_t)seed) %% 101u) / 101;
}

int main(void) {
  static float expected[3][1024];
  memset(shared.bytes, 0x5a, sizeof shared.bytes);
  for (int round = 0; round < 3; ++round) {
%(calls)s
  }
  for (int i = kBytes; i < kBytes + 64; ++i)
    if (shared.bytes[i] != 0x5a) return puts("something was written behind the arena"), 1;
  printf("%%d\\n", (int)kBytes);
  return 0;
}
"""

CALL = """    memset(own, 0x11 * round, sizeof own);
    fill(%(input)s(own), %(IN)s, round);
    %(name)s_invoke(own);
    memcpy(expected[%(index)d], %(output)s(own), %(OUT)s * sizeof(float));
    fill(%(input)s(shared.bytes), %(IN)s, round);
    %(name)s_invoke(shared.bytes);
    if (memcmp(expected[%(index)d], %(output)s(shared.bytes), %(OUT)s * sizeof(float)) != 0)
      return puts("%(name)s gives something else"), 1;
"""


def run(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def main(motec, cc, cxx, *models):
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        for name, model in zip("abc", models):
            folder.joinpath(f"{name}.onnx").write_bytes(pathlib.Path(model).read_bytes())
        onnx = [folder / f"{name}.onnx" for name in "abc"]
        run(motec, "compile", *onnx, "-o", folder / "out", "--report", folder / "report.json", "--html",
            folder / "report.html", "--depfile", folder / "out.d")
        report = json.loads(folder.joinpath("report.json").read_text())
        for path, part in zip(onnx, report["models"]):
            # Together as alone.
            run(motec, "compile", path, "-o", folder / "alone", "--report", folder / "alone.json")
            alone = json.loads(folder.joinpath("alone.json").read_text())
            assert alone == part, f"{path.name}: another report than alone"
            for file in part["files"]:
                text = folder.joinpath("alone", file).read_text()
                assert folder.joinpath("out", file).read_text() == text, f"{file} differs"
        arenas = [part["memory"]["arena_bytes"] for part in report["models"]]
        assert report["memory"]["arena_bytes"] == max(arenas) > min(arenas)
        page = folder.joinpath("report.html").read_text()
        assert page.count("<svg") == 3 and page.count("</section>") == 3
        rules = folder.joinpath("out.d").read_text()
        assert all(f"{name}.cpp:" in rules and f"{name}.onnx" in rules for name in "abc"), rules

        calls = ""
        for index, part in enumerate(report["models"]):
            name = part["name"]
            tensors = [part["inputs"][0]["c_name"], part["outputs"][0]["c_name"]]
            calls += CALL % {
                "index": index, "name": name, "input": f"{name}_input_{tensors[0]}",
                "output": f"{name}_output_{tensors[1]}",
                "IN": f"{name}_input_{tensors[0]}_elements".upper(),
                "OUT": f"{name}_output_{tensors[1]}_elements".upper()}
        includes = "\n".join(f'#include "{name}.h"' for name in "abc")
        folder.joinpath("main.c").write_text(MAIN % {"includes": includes, "calls": calls})
        flags = ["-O1", "-Wall", "-Wextra", "-Werror", "-I", folder / "out"]
        run(cc, "-std=c99", *flags, "-c", folder / "main.c", "-o", folder / "main.o")
        run(cxx, "-std=c++17", *flags, *sorted(folder.glob("out/*.cpp")), folder / "main.o", "-o",
            folder / "main")
        result = subprocess.run([folder / "main"], check=True, stdout=subprocess.PIPE, text=True)
        assert int(result.stdout) == max(arenas), result.stdout
        print(f"arenas of {arenas} bytes: {result.stdout.strip()} serve all")


if __name__ == "__main__":
    main(*sys.argv[1:])
