#!/usr/bin/env python3
"""Checks what no compiler does: which folder includes which, which headers may be named where, and
the size of files. Prints every violation with its place; exit status 1 if there is any."""
import pathlib
import re
import sys

# Each folder of compiler/ with those that it may include. "runtime" is the runtime's headers.
LAYERS = {
    "support": [],
    "ir": ["support", "runtime"],
    "ops": ["ir"],
    "eval": ["ops"],
    "import": ["ops"],
    "export": ["ops"],
    "quant": ["eval"],
    "passes": ["quant"],
    "target": ["support"],
    "kernels": ["ops", "target"],
    "plan": ["kernels"],
    "codegen": ["plan"],
    "report": ["codegen", "quant"],
    "driver": ["report", "import", "export", "passes"],
}
SYSTEM_HEADERS_OF_RUNTIME = {"stdint.h", "stddef.h", "string.h", "math.h"}
# What the headers of an ISA, by the beginning of their names, may include beyond those, and config.h
# for the host compiler.
FURTHER_SYSTEM_HEADERS = {
    "isa/neon": {"arm_neon.h"},
    "isa/dot": {"arm_neon.h"},
    "isa/mve": {"arm_mve.h"},
    "isa/dsp": {"arm_acle.h"},
    "isa/vec": {"immintrin.h"},
    "isa/rvv": {"riscv_vector.h"},
    "config": {"tuple"},
}


def further_system_headers(name):
    return {header for prefix, headers in FURTHER_SYSTEM_HEADERS.items() if name.startswith(prefix)
            for header in headers}


ISA_MACRO = re.compile(r"^\s*#\s*(?:if|ifdef|ifndef|elif)\b.*"
                       r"(__ARM|__aarch64__|__riscv|__SSE|__AVX|__x86_64__|__i386__)")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
LINES_WARNED, LINES_ALLOWED = 400, 600

problems, warnings = [], []


def problem(path, line, text):
    problems.append(f"{path.relative_to(root)}:{line}: {text}")


def includes_of(path):
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        if match := INCLUDE.match(line):
            yield number, match[1] == "<", match[2]


def files_below(folder, *endings):
    return sorted(p for p in (root / folder).rglob("*") if p.suffix in endings)


def reachable(layer):
    """The layers that `layer` may include: itself, and everything below it."""
    seen, pending = set(), [layer]
    while pending:
        name = pending.pop()
        if name not in seen:
            seen.add(name)
            pending += LAYERS.get(name, [])
    return seen


def check_layers():
    for path in files_below("compiler", ".h", ".cpp", ".inc"):
        layer = path.relative_to(root / "compiler").parts[0]
        if layer not in LAYERS:
            problem(path, 1, f"'{layer}' is no layer that tests/layers_test.py knows")
            continue
        allowed = reachable(layer)
        for number, is_system, name in includes_of(path):
            first = name.split("/")[0]
            if first in ("onnx", "google") and layer not in ("import", "export"):
                problem(path, number, f"{name} may not be included in compiler/{layer}")
            if is_system:
                continue
            target = "runtime" if first == "mote" else first
            if target not in allowed:
                problem(path, number, f"{layer} may not include {name}")
            elif path.name.startswith("arena") and layer == "plan" and "plan/arena" not in name \
                    and target != "support":
                problem(path, number, f"the arena planner may not know {name}")


def check_runtime():
    base = root / "runtime" / "mote"
    for path in files_below("runtime/mote", ".h"):
        own = str(path.relative_to(base))
        allowed = SYSTEM_HEADERS_OF_RUNTIME | further_system_headers(own)
        for number, is_system, name in includes_of(path):
            if is_system and name not in allowed:
                problem(path, number, f"a runtime header may not include <{name}>")
            if not is_system and not (path.parent / name).is_file():
                problem(path, number, f"there is no {name} beside this header")
        if own != "config.h" and not own.startswith("isa/"):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if ISA_MACRO.match(line):
                    problem(path, number, "tests on instruction sets belong in config.h and isa/")


def resolved(path, name):
    for base in (path.parent, root / "compiler", root / "runtime", root / "tests"):
        if (base / name).is_file():
            return (base / name).resolve()
    return None


def check_cycles():
    """Depth-first over headers; a header met again while it is open closes a cycle."""
    state = {}

    def visit(path, trail):
        if state.get(path) == "done":
            return
        if state.get(path) == "open":
            names = [p.name for p in trail[trail.index(path):]] + [path.name]
            problem(path, 1, "include cycle: " + " -> ".join(names))
            return
        state[path] = "open"
        for _, is_system, name in includes_of(path):
            target = None if is_system else resolved(path, name)
            if target and target.suffix == ".h":
                visit(target, trail + [path])
        state[path] = "done"

    for folder in ("compiler", "runtime", "tests"):
        for path in files_below(folder, ".h"):
            visit(path.resolve(), [])


def check_headers():
    for folder in ("compiler", "runtime", "tests"):
        for path in files_below(folder, ".h"):
            lines = path.read_text().splitlines()
            if not lines or not lines[0].startswith("//"):
                problem(path, 1, "a header starts with a comment on what it is responsible for")
            if "#pragma once" not in lines:
                problem(path, 1, "#pragma once is missing")


def check_sizes():
    for folder in ("compiler", "runtime", "tests", "tools"):
        for path in files_below(folder, ".h", ".cpp", ".c", ".py", ".cmake"):
            count = len(path.read_text(errors="replace").splitlines())
            if count > LINES_ALLOWED:
                problem(path, count, f"{count} lines; {LINES_ALLOWED} are the limit")
            elif count > LINES_WARNED:
                warnings.append(f"{path.relative_to(root)}: {count} lines")


root = pathlib.Path(sys.argv[1]).resolve()
check_layers()
check_runtime()
check_cycles()
check_headers()
check_sizes()
for text in warnings:
    print("warning:", text)
for text in problems:
    print("error:", text)
sys.exit(1 if problems else 0)
