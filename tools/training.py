"""What the three training scripts share: seeding, fitting, export to ONNX, test vectors, figures.

A script calls seed_everything(), fit(), write_model(), write_vectors() and write_readme(), in that
order. The figures of a README are measured on the ONNX file just written, never copied by hand.
"""

import collections
import copy
import pathlib

import numpy as np
import onnx
import torch
from onnx import numpy_helper, shape_inference

MODELS = pathlib.Path(__file__).resolve().parent.parent / "models"
OPSET = 13
MAX_BYTES = 100_000


def seed_everything(seed):
    """Makes a run repeatable: one thread, deterministic kernels, a fixed start."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(seed)
    return np.random.default_rng(seed)


def fit(model, loss_of, batches, epochs, steps_per_epoch, peak_rate):
    """Trains with Adam and a one-cycle learning rate, then leaves the model in eval mode.

    batches() yields the `steps_per_epoch` batches of one epoch, loss_of(model, batch) gives the
    scalar loss of one.
    """
    optimizer = torch.optim.AdamW(model.parameters(), lr=peak_rate, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, peak_rate, total_steps=epochs * steps_per_epoch)
    model.train()
    for epoch in range(epochs):
        total = 0.0
        for batch in batches():
            optimizer.zero_grad()
            loss = loss_of(model, batch)
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        if epoch % 10 == 9 or epoch == epochs - 1:
            print(f"epoch {epoch + 1:3d}  loss {total / steps_per_epoch:.4f}", flush=True)
    return model.eval()


def evaluate(model, inputs):
    """The model's outputs for a whole array of inputs, as float32."""
    with torch.no_grad():
        return model(torch.from_numpy(inputs)).numpy()


def write_model(folder, module, shape, input_name, output_name):
    """Exports `module` for one input of `shape` to folder/model.onnx and returns the graph."""
    path = MODELS / folder / "model.onnx"
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(module, torch.zeros(shape), str(path), opset_version=OPSET,
                      do_constant_folding=True, input_names=[input_name],
                      output_names=[output_name])
    graph = onnx.load(str(path))
    # Doc strings may hold source paths of the machine that trained the model.
    graph.doc_string = graph.graph.doc_string = ""
    graph.graph.name = folder
    for node in graph.graph.node:
        node.doc_string = ""
    del graph.metadata_props[:]
    onnx.checker.check_model(graph, full_check=True)
    onnx.save(graph, str(path))
    assert path.stat().st_size <= MAX_BYTES, f"{path} has {path.stat().st_size} bytes"
    return graph


def write_vectors(folder, module, samples, input_name, output_name):
    """Writes test_data_set_<i>/{input,output}_0.pb in the layout of the ONNX backend tests.

    The expected outputs are the module's own, computed in float64 and rounded to float32: they
    are nearer to the true values than any float32 evaluation, whichever order it sums in.
    """
    exact = copy.deepcopy(module).double()
    for index, sample in enumerate(samples):
        x = np.ascontiguousarray(sample[None], dtype=np.float32)
        with torch.no_grad():
            y = exact(torch.from_numpy(x).double()).numpy().astype(np.float32)
        assert np.abs(y - evaluate(module, x)).max() < 1e-5
        target = MODELS / folder / f"test_data_set_{index}"
        target.mkdir(parents=True, exist_ok=True)
        for name, label, array in (("input_0.pb", input_name, x), ("output_0.pb", output_name, y)):
            tensor = numpy_helper.from_array(array, label)
            (target / name).write_bytes(tensor.SerializeToString())


def _shapes(graph):
    """Name -> list of dimensions, of every value and weight in the graph."""
    inferred = shape_inference.infer_shapes(graph).graph
    shapes = {init.name: list(init.dims) for init in inferred.initializer}
    for value in [*inferred.input, *inferred.output, *inferred.value_info]:
        shapes[value.name] = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
    return shapes


def _macs(node, shapes):
    """Multiply-accumulates of one node; element-wise work is not counted."""
    if node.op_type == "Conv":  # Each output element sums one filter.
        return np.prod(shapes[node.output[0]]) * np.prod(shapes[node.input[1]][1:])
    if node.op_type == "ConvTranspose":  # Each input element is spread through one filter.
        return np.prod(shapes[node.input[0]]) * np.prod(shapes[node.input[1]][1:])
    if node.op_type == "Gemm":
        return np.prod(shapes[node.input[1]]) * shapes[node.input[0]][0]
    return 0


Description = collections.namedtuple("Description", "bytes parameters macs ops")


def describe(folder):
    """Size, parameters, multiply-accumulates and operator counts of folder/model.onnx."""
    path = MODELS / folder / "model.onnx"
    graph = onnx.load(str(path))
    shapes = _shapes(graph)
    parameters = sum(int(np.prod(init.dims)) for init in graph.graph.initializer
                     if init.data_type == onnx.TensorProto.FLOAT)
    macs = int(sum(_macs(node, shapes) for node in graph.graph.node))
    counts = collections.Counter(node.op_type for node in graph.graph.node)
    ops = ", ".join(f"{name} x{count}" if count > 1 else name
                    for name, count in sorted(counts.items()))
    return Description(path.stat().st_size, parameters, macs, ops)


def figures(folder):
    """A Markdown table of what folder/model.onnx costs."""
    model = describe(folder)
    return "\n".join([
        "| file | parameters | multiply-accumulates | operators |",
        "| ---: | ---: | ---: | --- |",
        f"| {model.bytes:,} bytes | {model.parameters:,} | {model.macs:,} | {model.ops} |"])


def write_readme(folder, title, result, text):
    """Writes folder/README.md, whose third line is the held-out result, and models/README.md."""
    path = MODELS / folder / "README.md"
    path.write_text(f"# {title}\n\nHeld-out result: {result}\n\n{text.strip()}\n")
    _write_index()


def _write_index():
    """Writes models/README.md: one row for each folder that holds a trained model."""
    lines = [
        "# Sample models",
        "",
        "Small float32 models for trying mote out, trained by this project's own scripts. Each",
        "folder has the model, test vectors in the layout of the ONNX backend tests, and a README",
        "with the data, the training command and the held-out figures.",
        "",
        "| model | what it does | file | parameters | MACs | held-out result |",
        "| --- | --- | ---: | ---: | ---: | --- |",
    ]
    for path in sorted(MODELS.glob("*/README.md")):
        title, _, result = path.read_text().splitlines()[:3]
        name, model = path.parent.name, describe(path.parent.name)
        lines.append(f"| [{name}]({name}/) | {title[2:]} | {model.bytes:,} bytes"
                     f" | {model.parameters:,} | {model.macs:,}"
                     f" | {result.split(': ', 1)[1]} |")
    lines += [
        "",
        "The models are part of mote and under its licence, Apache-2.0; each README names the",
        "licence of the data. To train all of them again (Debian 12, packages python3-torch,",
        "python3-onnx, python3-sklearn and python3-scipy; offline, a minute at most each):",
        "",
        "```",
        *[f"python3 tools/train_{path.parent.name}.py" for path in
          sorted(MODELS.glob("*/README.md"))],
        "```",
        "",
        "`tools/quantized_accuracy.py MOTEC` then measures what each loses in int8, and with weights "
        "of 4 bits.",
        "",
        "The scripts fix every seed and use one thread, so a second run on the same machine writes",
        "the same bytes; another CPU or version of PyTorch may round differently.",
    ]
    (MODELS / "README.md").write_text("\n".join(lines) + "\n")


def confusion_table(labels, predicted, names):
    """A Markdown table of true class (rows) against predicted class (columns)."""
    lines = ["| true \\ predicted | " + " | ".join(names) + " |",
             "| --- |" + " ---: |" * len(names)]
    for row, name in enumerate(names):
        counts = [int(np.sum((labels == row) & (predicted == column)))
                  for column in range(len(names))]
        lines.append(f"| {name} | " + " | ".join(map(str, counts)) + " |")
    return "\n".join(lines)
