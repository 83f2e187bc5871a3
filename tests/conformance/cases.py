"""The table of cases: every op, in float and int8, that each executor runs."""
import numpy as np

from build import Case


def constant(shape, seed=0, low=-1.0, high=1.0):
    return np.random.default_rng(seed + sum(shape)).uniform(low, high, shape).astype(np.float32)


def integers(*values):
    return np.array(values, dtype=np.int64)


def both(name, op, inputs, attributes=None, **more):
    """The case in float and in int8."""
    return [Case(name, op, inputs, attributes or {}, **more), Case(name + "_int8", op, inputs, attributes or {}, quantized=True, **more)]


def conv(name, x, w, bias=True, **attributes):
    inputs = [x, constant(w)] + ([constant([w[0]], 7)] if bias else [])
    return both("conv_" + name, "Conv", inputs, attributes)


CONV = [
    *conv("plain", [1, 3, 9, 8], [5, 3, 3, 3]),
    *conv("no_bias", [1, 3, 5, 5], [4, 3, 3, 3], bias=False),
    *conv("pads", [1, 2, 7, 6], [4, 2, 3, 3], pads=[1, 0, 2, 1]),
    *conv("strides", [1, 3, 11, 9], [6, 3, 3, 3], strides=[2, 3], pads=[1, 1, 1, 1]),
    *conv("dilations", [1, 2, 10, 11], [3, 2, 3, 2], dilations=[2, 3], pads=[1, 2, 1, 2]),
    *conv("same_upper", [1, 4, 8, 7], [4, 4, 4, 3], auto_pad="SAME_UPPER", strides=[2, 2]),
    *conv("same_lower", [1, 4, 8, 7], [4, 4, 4, 3], auto_pad="SAME_LOWER", strides=[2, 2]),
    *conv("valid", [1, 4, 6, 6], [3, 4, 3, 3], auto_pad="VALID"),
    *conv("groups", [1, 6, 6, 5], [4, 3, 3, 3], group=2, pads=[1, 1, 1, 1]),
    *conv("depthwise", [1, 6, 8, 9], [6, 1, 3, 3], group=6, pads=[1, 1, 1, 1]),
    *conv("depthwise_stride", [1, 5, 9, 8], [5, 1, 3, 3], group=5, strides=[2, 2], pads=[0, 0, 1, 1]),
    *conv("depthwise_5x5", [1, 4, 9, 9], [4, 1, 5, 5], group=4, pads=[2, 2, 2, 2]),
    *both("conv_expanded_depthwise_5x5", "Conv", [[1, 3, 9, 10], constant([8, 1, 5, 5]), constant([8], 7)], {"group": 8, "pads": [2, 2, 2, 2]}, expand=8),
    *both("conv_expanded_depthwise_7x7_stride", "Conv", [[1, 3, 9, 10], constant([8, 1, 7, 7]), constant([8], 7)], {"group": 8, "pads": [3, 3, 3, 3], "strides": [2, 2]}, expand=8),
    *conv("multiplier", [1, 3, 6, 6], [6, 1, 3, 3], group=3, pads=[1, 1, 1, 1]),
    *conv("pointwise", [1, 7, 5, 3], [9, 7, 1, 1]),
    *conv("pointwise_wide", [1, 32, 4, 5], [16, 32, 1, 1]),
    *conv("pointwise_stride", [1, 8, 6, 6], [4, 8, 1, 1], strides=[2, 2]),
    *conv("whole_image", [1, 3, 4, 4], [5, 3, 4, 4]),
    *conv("1d", [1, 4, 12], [6, 4, 3], pads=[1, 1]),
    *conv("1d_depthwise", [1, 5, 12], [5, 1, 4], group=5, strides=[2]),
    *conv("1d_dilated", [1, 3, 14], [4, 3, 3], dilations=[3]),
    *conv("batch", [3, 2, 5, 5], [4, 2, 3, 3], pads=[1, 1, 1, 1]),
    Case("conv_relu_int8", "Conv", [[1, 8, 6, 6], constant([8, 8, 3, 3]), constant([8], 3)], {"pads": [1, 1, 1, 1]}, quantized=True, activation="Relu"),
    Case("conv_relu", "Conv", [[1, 3, 6, 6], constant([4, 3, 3, 3]), constant([4], 3)], {}, activation="Relu"),
]

DENSE = [
    *both("gemm", "Gemm", [[2, 20], constant([20, 7]), constant([7], 1)]),
    *both("gemm_trans_b", "Gemm", [[1, 33], constant([10, 33]), constant([10], 1)], {"transB": 1}),
    Case("gemm_alpha_beta", "Gemm", [[3, 5], constant([5, 4]), constant([4], 1)], {"alpha": 0.5, "beta": 2.0}),
    Case("gemm_trans_a", "Gemm", [[6, 3], constant([6, 4])], {"transA": 1}),
    Case("gemm_broadcast_c", "Gemm", [[3, 5], constant([5, 4]), constant([3, 1], 1)], {}),
    *both("matmul", "MatMul", [[2, 16], constant([16, 5])]),
    *both("matmul_rows", "MatMul", [[2, 3, 16], constant([16, 9])]),
    Case("matmul_int8_batched", "MatMul", [[2, 3, 40], [2, 40, 6]], quantized=True),
    Case("matmul_constant_left", "MatMul", [constant([5, 8]), [8, 3]]),
    Case("matmul_opset7", "MatMul", [[7], constant([7, 3])], opset=7),
    Case("gemm_relu_int8", "Gemm", [[2, 20], constant([20, 7]), constant([7], 1)], quantized=True, activation="Relu"),
    Case("gemm_activations", "Gemm", [[5, 3], [4, 5], [4]], {"transA": 1, "transB": 1}, opset=7),
    Case("matmul_batched", "MatMul", [[2, 3, 4], [2, 4, 5]]),
    Case("matmul_broadcast", "MatMul", [[2, 1, 3, 4], [3, 4, 2]]),
    Case("matmul_vector", "MatMul", [[2, 6], constant([6])]),
]

BINARY = [c for op in ("Add", "Sub", "Mul") for c in [
    *both(op.lower(), op, [[1, 3, 4, 5], [1, 3, 4, 5]]),
    *both(op.lower() + "_channel", op, [[1, 6, 4, 5], constant([6, 1, 1])]),
    Case(op.lower() + "_scalar", op, [[2, 7], constant([1])]),
    Case(op.lower() + "_outer", op, [[4, 1], [1, 5]]),
    Case(op.lower() + "_row", op, [[2, 3, 4], [4]]),
]] + [
    Case("div", "Div", [[2, 9], constant([2, 9], 1, 0.5, 2)]),
    Case("div_scalar", "Div", [[2, 9], constant([], 1, 0.5, 2)]),
    Case("add_relu_int8", "Add", [[1, 4, 3, 3], [1, 4, 3, 3]], quantized=True, activation="Relu"),
    Case("add_opset7", "Add", [[2, 3], [3]], opset=7),
    *both("mul_gate", "Mul", [[1, 6, 4, 5], [1, 6, 1, 1]]),
    *both("add_batch", "Add", [[2, 3, 4, 5], [2, 3, 4, 5]]),
    *both("sub_from_constant", "Sub", [constant([1, 3, 4, 1]), [1, 3, 4, 5]]),
    *both("mul_both_repeat", "Mul", [[2, 1, 3, 1, 2], [4, 1, 3, 1]]),
    Case("min", "Min", [[2, 3, 4], [3, 1], [4]]),
    Case("max_int8", "Max", [[2, 3, 4], [2, 3, 4]], quantized=True),
    Case("pow_whole", "Pow", [[2, 9], np.array(3, np.float32)]),
    Case("pow_integer_exponent", "Pow", [[2, 9], integers(2)]),
    *both("prelu", "PRelu", [[1, 3, 4, 5], constant([3, 1, 1])]),
    Case("div_int8", "Div", [[2, 9], constant([2, 9], 1, 0.5, 2)], quantized=True),
]

UNARY = [
    *both("relu", "Relu", [[1, 3, 4, 4]]),
    *both("clip", "Clip", [[2, 10], np.array(-0.5, np.float32), np.array(1.0, np.float32)]) [:1],
    Case("clip_attributes", "Clip", [[2, 10]], {"min": -0.5, "max": 1.0}, opset=7),
    Case("clip_open", "Clip", [[2, 10], None, np.array(1.0, np.float32)]),
    *both("sigmoid", "Sigmoid", [[1, 3, 5, 4]]),
    *both("tanh", "Tanh", [[3, 40]]),
    *[c for op in ("Abs", "Ceil", "Cos", "Elu", "Erf", "Exp", "Floor", "HardSigmoid", "Neg", "Round", "Sin", "Softplus") for c in both(op.lower(), op, [[2, 3, 5]])],
    *both("hard_swish", "HardSwish", [[2, 3, 5]], opset=14),
    *both("leaky_relu", "LeakyRelu", [[2, 3, 5]], {"alpha": 0.2}),
    Case("clip_int8", "Clip", [[2, 10]], {"min": -0.5, "max": 1.0}, opset=10, quantized=True),
    Case("clip_crossed", "Clip", [[2, 10], np.array(1, np.float32), np.array(-1, np.float32)]),
    Case("sqrt_of_exp", "Exp", [[40]], activation="Sqrt"),
    Case("log_of_exp", "Exp", [[40]], activation="Log"),
    Case("reciprocal_of_exp", "Exp", [[40]], activation="Reciprocal"),
]

POOL = [
    *both("max_pool", "MaxPool", [[1, 4, 8, 8]], {"kernel_shape": [2, 2], "strides": [2, 2]}),
    *both("max_pool_pads", "MaxPool", [[1, 3, 7, 6]], {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
    *both("max_pool_ceil", "MaxPool", [[1, 3, 8, 7]], {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1}),
    Case("max_pool_dilated", "MaxPool", [[1, 3, 8, 7]], {"kernel_shape": [2, 2], "dilations": [2, 3]}),
    *both("max_pool_1d", "MaxPool", [[1, 3, 9]], {"kernel_shape": [3], "strides": [2]}),
    *both("average_pool", "AveragePool", [[1, 4, 8, 8]], {"kernel_shape": [2, 2], "strides": [2, 2]}),
    *both("average_pool_pads", "AveragePool", [[1, 3, 7, 6]], {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
    *both("average_pool_include", "AveragePool", [[1, 3, 7, 6]], {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "count_include_pad": 1}),
    *both("average_pool_same", "AveragePool", [[1, 3, 7, 6]], {"kernel_shape": [2, 2], "auto_pad": "SAME_LOWER"}),
    *both("average_pool_whole", "AveragePool", [[1, 8, 5, 5]], {"kernel_shape": [5, 5]}),
    *both("average_pool_ceil", "AveragePool", [[1, 3, 8, 8]], {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1], "ceil_mode": 1}),
    # In float alone: ONNX Runtime's fused int8 pool divides a last window by the padding beyond the padding too.
    Case("average_pool_ceil_include", "AveragePool", [[1, 3, 8, 8]], {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1], "ceil_mode": 1, "count_include_pad": 1}, opset=19),
    Case("average_pool_dilated", "AveragePool", [[1, 3, 9, 8]], {"kernel_shape": [2, 3], "dilations": [3, 2], "pads": [1, 1, 1, 1]}, opset=19),
    *both("average_pool_1d", "AveragePool", [[2, 5, 11]], {"kernel_shape": [4], "strides": [3], "pads": [2, 0]}),
    *both("global_average_pool", "GlobalAveragePool", [[1, 5, 6, 7]]),
    *both("global_max_pool", "GlobalMaxPool", [[1, 5, 6, 7]]),
    *both("reduce_mean_spatial", "ReduceMean", [[1, 5, 6, 7]], {"axes": [2, 3], "keepdims": 0}),
    Case("reduce_mean_last", "ReduceMean", [[2, 3, 6]], {"axes": [-1]}),
    *both("reduce_mean_channels", "ReduceMean", [[2, 5, 4, 3]], {"axes": [1]}),
    *both("reduce_sum_outer", "ReduceSum", [[3, 5, 4], integers(0, 2)], {"keepdims": 0}),
    *both("reduce_max", "ReduceMax", [[2, 5, 4, 3]], {"axes": [1, 3]}),
    *both("reduce_min", "ReduceMin", [[2, 5, 6], integers(1)], opset=18),
    Case("reduce_nothing", "ReduceMean", [[2, 3]], {"noop_with_empty_axes": 1}, opset=18, activation="Relu"),
    Case("reduce_mean_all", "ReduceMean", [[2, 3, 6]]),
    Case("reduce_mean_input", "ReduceMean", [[2, 3, 6], integers(1)], {"keepdims": 1}, opset=18),
    Case("batch_normalization", "BatchNormalization", [[1, 4, 3, 3], constant([4], 1), constant([4], 2), constant([4], 3), constant([4], 4, 0.5, 2)]),
]

SOFTMAX = [
    *both("softmax", "Softmax", [[1, 12]]),
    *both("softmax_rows", "Softmax", [[5, 10]]),
    Case("softmax_12_int8", "Softmax", [[3000, 12]], quantized=True, scale=0.14469251, zero_point=14),
    Case("softmax_2_int8", "Softmax", [[3000, 2]], quantized=True, scale=0.0146362185, zero_point=-5),
    Case("softmax_10_int8", "Softmax", [[3000, 10]], quantized=True, scale=0.31799158),
    Case("softmax_300_int8", "Softmax", [[100, 300]], quantized=True, scale=0.08),
    Case("softmax_planes_int8", "Softmax", [[2, 6, 5, 4]], {"axis": 1}, quantized=True, scale=0.1),
    Case("softmax_axis", "Softmax", [[2, 3, 4]], {"axis": 1}),
    Case("softmax_opset11", "Softmax", [[2, 3, 4]], {"axis": 1}, opset=11),
]

MOVE = [
    *both("reshape", "Reshape", [[2, 3, 4], integers(0, -1)]),
    *both("flatten", "Flatten", [[2, 3, 4, 2]], {"axis": 2}),
    *both("squeeze", "Squeeze", [[1, 3, 1, 4], integers(2)]),
    Case("squeeze_attribute", "Squeeze", [[1, 3, 1, 4]], {"axes": [0]}, opset=11),
    *both("unsqueeze", "Unsqueeze", [[3, 4], integers(0, 3)]),
    *both("transpose", "Transpose", [[2, 3, 4]], {"perm": [2, 0, 1]}),
    *both("transpose_nchw", "Transpose", [[1, 4, 5, 3]], {"perm": [0, 3, 1, 2]}),
    Case("transpose_default", "Transpose", [[2, 3, 4]]),
    *both("concat_channels", "Concat", [[1, 3, 4, 4], [1, 2, 4, 4]], {"axis": 1})[:1],
    Case("concat_of_three_int8", "Concat", [[1, 3, 4, 4], [1, 2, 4, 4], [1, 1, 4, 4]], {"axis": 1}, quantized=True),
    *both("concat_constant", "Concat", [[1, 3, 4, 4], constant([1, 2, 4, 4], 1)], {"axis": 1}),
    Case("concat_batch", "Concat", [[2, 3, 4], [2, 3, 1]], {"axis": -1}),
    Case("concat_rows", "Concat", [[2, 3], [4, 3], [1, 3]], {"axis": 0}),
    *both("pad", "Pad", [[1, 2, 4, 5], integers(0, 0, 1, 2, 0, 0, 0, 1)]),
    Case("pad_value", "Pad", [[2, 3], integers(1, 0, 0, 2), np.array(0.75, np.float32)]),
    Case("pad_attributes", "Pad", [[2, 3]], {"pads": [1, 0, 0, 2], "value": 0.25}, opset=10),
    *[c for mode in ("edge", "reflect") for c in both("pad_" + mode, "Pad", [[2, 4, 5], integers(0, 1, 2, 1, 0, 3)], {"mode": mode})],
    Case("pad_wrap", "Pad", [[2, 4, 5], integers(0, 1, 2, 1, 0, 3)], {"mode": "wrap"}, opset=19),
    Case("pad_axes", "Pad", [[2, 4, 5], integers(1, -2), None, integers(-2)], opset=18),
    *both("slice", "Slice", [[2, 6, 5], integers(1, -1), integers(100, -100), integers(1, 2), integers(2, -1)]),
    Case("slice_opset9", "Slice", [[2, 6, 5]], {"starts": [1], "ends": [-1], "axes": [1]}, opset=9),
    *both("tile", "Tile", [[2, 3, 4], integers(1, 2, 3)]),
    *both("expand", "Expand", [[3, 1], integers(2, 1, 4)]),
    Case("transpose_5d", "Transpose", [[2, 3, 2, 4, 3]], {"perm": [4, 1, 3, 0, 2]}),
    *both("gather_one", "Gather", [[4, 5], np.array(2, np.int64)], {"axis": 1}),
    *both("gather", "Gather", [[4, 5], integers(3, 0, -1)]),
    Case("gather_axis", "Gather", [[2, 5, 3], integers(4, 1)], {"axis": 1}),
]

CASES = CONV + DENSE + BINARY + UNARY + POOL + SOFTMAX + MOVE
