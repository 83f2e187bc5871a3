"""ONNX Runtime as the oracle: a model's outputs, and the values of its tensors."""
import hashlib
import os
import re

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper


def file_name(value):
    """The file under --reference that holds a value: thimble replaces the same characters."""
    name = re.sub(r"[/:\\]", "_", value)
    if len(name) > 100:
        name = name[:100] + "_" + hashlib.sha256(value.encode()).hexdigest()[:16]
    return name + ".npy"


def read_inputs(model, folder):
    """Inputs of a test_data_set_* folder by name."""
    constants = {i.name for i in model.graph.initializer}
    names = [i.name for i in model.graph.input if i.name not in constants]
    tensors = [onnx.load_tensor(os.path.join(folder, f"input_{i}.pb")) for i in range(len(names))]
    return {name: numpy_helper.to_array(t) for name, t in zip(names, tensors)}


def tensors_to_keep(model):
    """The quantized tensors of an integer model, whose fusions ONNX Runtime keeps when they are outputs; all of a float model."""
    quantized = [n.output[0] for n in model.graph.node if n.op_type == "QuantizeLinear"]
    return quantized or [o for n in model.graph.node for o in n.output]


def write_tensors(model_path, inputs, folder):
    """Runs the model and writes NAME.npy for its kept tensors."""
    model = onnx.shape_inference.infer_shapes(onnx.load(model_path))
    known = {v.name: v for v in list(model.graph.value_info) + list(model.graph.output)}
    outputs = {o.name for o in model.graph.output}
    for name in tensors_to_keep(model):
        if name not in outputs:
            model.graph.output.append(known.get(name) or onnx.ValueInfoProto(name=name))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    os.makedirs(folder, exist_ok=True)
    for name, value in zip(names, session.run(names, inputs)):
        np.save(os.path.join(folder, file_name(name)), np.ascontiguousarray(value).reshape(value.shape))
