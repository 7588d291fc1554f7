// Runs a model in onnxruntime, for tools/make_quantized_models.py. Standard input is an object of
// {model, sets}: the model in base64, and for each set its inputs by name, each with type, dims and
// data in base64. Standard output is a list of the sets' outputs in the same form. Graph
// optimizations are off, so that every operator computes what ONNX defines.
const fs = require('fs');
const ort = require('onnxruntime-node');

const ARRAYS = {
  float32: Float32Array, int8: Int8Array, uint8: Uint8Array, int16: Int16Array, int32: Int32Array,
};

function tensor({type, dims, data}) {
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
  return new ort.Tensor(type, new ARRAYS[type](bytes.buffer), dims);
}

async function main() {
  const {model, sets} = JSON.parse(fs.readFileSync(0, 'utf8'));
  const session = await ort.InferenceSession.create(
      Buffer.from(model, 'base64'), {graphOptimizationLevel: 'disabled'});
  const results = [];
  for (const set of sets) {
    const feeds = Object.fromEntries(Object.entries(set).map(([name, t]) => [name, tensor(t)]));
    const result = await session.run(feeds);
    results.push(Object.fromEntries(Object.entries(result).map(([name, t]) => {
      const bytes = Buffer.from(t.data.buffer, t.data.byteOffset, t.data.byteLength);
      return [name, {type: t.type, dims: t.dims, data: bytes.toString('base64')}];
    })));
  }
  console.log(JSON.stringify(results));
}

main();
