"""Builds small ONNX models of one op, in float or between DequantizeLinear and QuantizeLinear."""
import dataclasses
import zlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


@dataclasses.dataclass
class Case:
    """`inputs`: shapes of activations, or arrays, which become constants. `quantized`: int8 throughout."""
    name: str
    op: str
    inputs: list
    attributes: dict = dataclasses.field(default_factory=dict)
    opset: int = 13
    quantized: bool = False
    activation: str = ""  # an op behind it: "Relu"
    zero_point: int = 3
    scale: float = 0.02  # of the first operand
    expand: int = 0  # channels that a pointwise convolution ahead of the op makes of its operand


def random_of(case, shape, low=-1.0, high=1.0):
    seed = zlib.crc32(f"{case.name} {shape}".encode())
    return np.random.default_rng(seed).uniform(low, high, shape).astype(np.float32)


def quantize(values, scale, zero_point):
    return np.clip(np.rint(values / scale) + zero_point, -128, 127).astype(np.int8)


class Builder:
    def __init__(self, case):
        self.case, self.nodes, self.initializers, self.inputs = case, [], [], []

    def constant(self, name, array):
        self.initializers.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def scalar(self, name, value, kind):
        return self.constant(name, np.array(value, dtype=kind))

    def dequantize(self, stored, name, scale, zero_point, axis=None):
        scale = np.asarray(scale, dtype=np.float32)
        zero = np.full(scale.shape, zero_point, dtype=np.int32 if stored.endswith("_i32") else np.int8)
        extra = {} if axis is None else {"axis": axis}
        self.nodes.append(helper.make_node("DequantizeLinear", [stored, self.constant(name + "_s", scale), self.constant(name + "_z", zero)], [name], **extra))
        return name

    def operand(self, i, given):
        """The name of operand i as the op reads it."""
        case = self.case
        if isinstance(given, np.ndarray):
            if not case.quantized or given.dtype != np.float32:
                return self.constant(f"c{i}", given)
            return self.quantized_constant(i, given)
        if given is None:
            return ""
        kind = TensorProto.INT8 if case.quantized else TensorProto.FLOAT
        self.inputs.append(helper.make_tensor_value_info(f"x{i}", kind, given))
        return self.dequantize(f"x{i}", f"x{i}_real", case.scale + 0.004 * i, case.zero_point) if case.quantized else f"x{i}"

    def quantized_constant(self, i, values):
        if i == 2 and self.case.op in ("Conv", "Gemm"):  # bias: int32 at the scale of the sums
            scale = np.float32(0.02) * self.weight_scale
            return self.dequantize(self.constant(f"b{i}_i32", np.rint(values / scale).astype(np.int32)), f"b{i}", scale, 0, 0 if scale.ndim else None)
        axis = 0 if self.case.op == "Conv" else None
        if axis is None:
            self.weight_scale = np.float32(np.abs(values).max() / 127)
        else:
            self.weight_scale = (np.abs(values).reshape(values.shape[0], -1).max(1) / 127).astype(np.float32)
        shaped = self.weight_scale.reshape((-1,) + (1,) * (values.ndim - 1)) if axis == 0 else self.weight_scale
        return self.dequantize(self.constant(f"w{i}_i8", quantize(values, shaped, 0)), f"w{i}", self.weight_scale, 0, axis)

    def pointwise(self, x):
        """The name of x behind a pointwise convolution; int8 at the scale of an operand."""
        case = self.case
        weights = random_of(case, [case.expand, case.inputs[0][1], 1, 1])
        if not case.quantized:
            self.nodes.append(helper.make_node("Conv", [x, self.constant("expand", weights)], ["expanded"], name="expand"))
            return "expanded"
        scale = np.float32(np.abs(weights).max() / 127)
        read = self.dequantize(self.constant("expand_i8", quantize(weights, scale, 0)), "expand", scale, 0)
        self.nodes.append(helper.make_node("Conv", [x, read], ["expanded"], name="expand"))
        stored = [self.scalar("stored_s", case.scale, np.float32), self.scalar("stored_z", case.zero_point, np.int8)]
        self.nodes.append(helper.make_node("QuantizeLinear", ["expanded", *stored], ["stored"]))
        return self.dequantize("stored", "stored_real", case.scale, case.zero_point)

    def build(self):
        case = self.case
        names = [self.operand(i, given) for i, given in enumerate(case.inputs)]
        if case.expand:
            names[0] = self.pointwise(names[0])
        real = "real" if case.quantized or case.activation else "y"
        self.nodes.append(helper.make_node(case.op, names, [real], name=case.name, **case.attributes))
        if case.activation:
            after = "active" if case.quantized else "y"
            self.nodes.append(helper.make_node(case.activation, [real], [after]))
            real = after
        if case.quantized:
            scale = self.scalar("y_s", output_scale(case), np.float32)
            zero = self.scalar("y_z", output_zero_point(case), np.int8)
            self.nodes.append(helper.make_node("QuantizeLinear", [real, scale, zero], ["y"]))
        kind = TensorProto.INT8 if case.quantized else TensorProto.FLOAT
        output = helper.make_tensor_value_info("y", kind, None)
        graph = helper.make_graph(self.nodes, case.name, self.inputs, [output], self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", case.opset)], ir_version=8)
        return onnx.shape_inference.infer_shapes(model, strict_mode=True)

    def data(self):
        values = {}
        for info in self.inputs:
            shape = [d.dim_value for d in info.type.tensor_type.shape.dim]
            seed = zlib.crc32(f"{self.case.name} {info.name}".encode())
            random = np.random.default_rng(seed)
            values[info.name] = random.integers(-128, 128, shape).astype(np.int8) if self.case.quantized else random.uniform(-2, 2, shape).astype(np.float32)
        return values


def output_scale(case):
    if case.op == "Softmax":
        return 1 / 256
    if case.op in ("MaxPool", "GlobalMaxPool", "Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Concat", "Pad", "Gather", "Relu", "Clip", "ReduceMax", "ReduceMin"):
        return 0.02
    return 0.013 if case.op in ("AveragePool", "GlobalAveragePool", "ReduceMean", "Sigmoid", "Tanh") else 0.0437


def output_zero_point(case):
    if case.op == "Softmax" or case.activation == "Relu":
        return -128
    return case.zero_point if output_scale(case) == 0.02 else -7
