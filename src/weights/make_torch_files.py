"""Writes PyTorch weight files as torch.save does, without PyTorch, for torch_file_test.cc.

usage: make_torch_files.py FOLDER

Every file NAME.pt gets its wanted content in FOLDER/expected.json: {"NAME.pt": {"tensors": {name: [shape, values]},
"classes": [...], "refused": {...}}}. Classes and functions of PyTorch are only needed by name: empty ones stand in for them.
"""

import collections
import io
import json
import os
import pickle
import struct
import sys
import types
import zipfile


def stand_in(module, name, value):
    """Makes `value` importable as module.name, so that pickle writes it as that global."""
    parts = module.split(".")
    for i in range(1, len(parts) + 1):
        sys.modules.setdefault(".".join(parts[:i]), types.ModuleType(".".join(parts[:i])))
    value.__module__, value.__qualname__, value.__name__ = module, name, name
    setattr(sys.modules[module], name, value)
    return value


def new_class(module, name):
    return stand_in(module, name, type(name, (), {}))


def new_function(module, name):
    return stand_in(module, name, lambda *arguments: None)


REBUILD_TENSOR = new_function("torch._utils", "_rebuild_tensor_v2")
REBUILD_TENSOR_V3 = new_function("torch._utils", "_rebuild_tensor_v3")
REBUILD_PARAMETER = new_function("torch._utils", "_rebuild_parameter")
REBUILD_QTENSOR = new_function("torch._utils", "_rebuild_qtensor")
REBUILD_SUBCLASS = new_function("torch._tensor", "_rebuild_from_type_v2")
SIZE = new_class("torch", "Size")
UNTYPED = new_class("torch.storage", "UntypedStorage")
STORAGES = {  # struct's letter for each
    "FloatStorage": "f", "DoubleStorage": "d", "HalfStorage": "e", "BFloat16Storage": None, "LongStorage": "q",
    "IntStorage": "i", "ShortStorage": "h", "CharStorage": "b", "ByteStorage": "B", "BoolStorage": "?",
    "ComplexFloatStorage": "f",
}
STORAGE_CLASSES = {name: new_class("torch", name) for name in STORAGES}


def numbers(count):
    """Halves and bfloat16 hold these exactly."""
    return [((i * 37) % 101 - 50) / 8 for i in range(count)]


def pack(kind, values):
    letter = STORAGES[kind]
    if letter is None:
        return b"".join(struct.pack("<f", value)[2:] for value in values)
    if letter not in "fde":
        values = [bool(v) if letter == "?" else int(v) % 256 if letter == "B" else int(v) for v in values]
    return struct.pack("<%d%s" % (len(values), letter), *values)


class Storage:
    def __init__(self, kind, values, data=None):
        self.kind, self.count = kind, len(values)
        self.data = pack(kind, values) if data is None else data


class Tensor:
    def __init__(self, storage, shape, strides=None, offset=0, dtype=None):
        self.storage, self.shape, self.offset, self.dtype = storage, tuple(shape), offset, dtype
        if strides is None:
            strides, step = [], 1
            for side in reversed(self.shape):
                strides.insert(0, step)
                step *= side
        self.strides = tuple(strides)

    def __reduce_ex__(self, protocol):
        arguments = (self.storage, self.offset, self.shape, self.strides, False, collections.OrderedDict())
        if self.dtype is not None:
            return REBUILD_TENSOR_V3, arguments + (self.dtype, {})
        return REBUILD_TENSOR, arguments


class Parameter:
    def __init__(self, tensor):
        self.tensor = tensor

    def __reduce_ex__(self, protocol):
        return REBUILD_PARAMETER, (self.tensor, True, collections.OrderedDict())


class Call:
    """Any call, written into the pickle and never made here."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce_ex__(self, protocol):
        return self.function, self.arguments


def dense(shape, kind="FloatStorage"):
    count = 1
    for side in shape:
        count *= side
    return Tensor(Storage(kind, numbers(count)), shape)


class Pickler(pickle.Pickler):
    def __init__(self, stream, protocol, legacy):
        super().__init__(stream, protocol)
        self.legacy, self.storages = legacy, {}

    def persistent_id(self, value):
        if not isinstance(value, Storage):
            return None
        key = self.storages.setdefault(id(value), (str(len(self.storages)), value))[0]
        cls = UNTYPED if value.kind is None else STORAGE_CLASSES[value.kind]
        id_ = ("storage", cls, key, "cpu", value.count)
        return id_ + (None,) if self.legacy else id_


def save_zip(path, value, protocol=2, compression=zipfile.ZIP_STORED, folder="archive", order="little"):
    stream = io.BytesIO()
    pickler = Pickler(stream, protocol, False)
    pickler.dump(value)
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr(folder + "/data.pkl", stream.getvalue())
        archive.writestr(folder + "/byteorder", order)
        for key, storage in pickler.storages.values():
            archive.writestr("%s/data/%s" % (folder, key), storage.data)
        archive.writestr(folder + "/version", "3\n")


def save_legacy(path, value, protocol=2):
    stream = io.BytesIO()
    pickle.dump(0x1950A86A20F9469CFC6C, stream, protocol)
    pickle.dump(1001, stream, protocol)
    pickle.dump({"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}},
                stream, protocol)
    pickler = Pickler(stream, protocol, True)
    pickler.dump(value)
    storages = sorted(pickler.storages.values(), key=lambda pair: pair[0])
    pickle.dump([key for key, _ in storages], stream, protocol)
    for _, storage in storages:
        stream.write(struct.pack("<q", storage.count))
        stream.write(storage.data)
    with open(path, "wb") as file:
        file.write(stream.getvalue())


def state_dict():
    """As torch.save(model.state_dict()) has it."""
    state = collections.OrderedDict()
    state["conv1.weight"] = dense((4, 3, 3, 3))
    state["conv1.bias"] = dense((4,))
    state["bn1.running_mean"] = dense((4,))
    state["bn1.num_batches_tracked"] = Tensor(Storage("LongStorage", [7]), ())
    state["fc.weight"] = dense((3, 5))
    state._metadata = collections.OrderedDict([("", {"version": 1}), ("conv1", {"version": 1})])
    return state


def content(state):
    """What reading the state must give; computed from storages, strides and offsets one value at a time."""
    tensors = {}
    for name, value in state.items():
        tensor = value.tensor if isinstance(value, Parameter) else value
        storage = tensor.storage
        letter = STORAGES.get(storage.kind, "f")
        if letter is None:
            stored = [struct.unpack("<f", b"\0\0" + storage.data[i:i + 2])[0] for i in range(0, len(storage.data), 2)]
        else:
            stored = list(struct.unpack("<%d%s" % (len(storage.data) // struct.calcsize("<" + letter), letter),
                                        storage.data))
        values, index = [], [0] * len(tensor.shape)
        for _ in range(eval("*".join(map(str, tensor.shape)) or "1")):
            values.append(float(stored[tensor.offset + sum(i * s for i, s in zip(index, tensor.strides))]))
            for axis in reversed(range(len(index))):
                index[axis] += 1
                if index[axis] < tensor.shape[axis]:
                    break
                index[axis] = 0
        tensors[name] = [list(tensor.shape), values]
    return tensors


def module(cls, parameters=(), buffers=(), modules=(), transient=(), **attributes):
    value = cls()
    value.__dict__.update(training=False, _parameters=collections.OrderedDict(parameters),
                          _buffers=collections.OrderedDict(buffers), _modules=collections.OrderedDict(modules),
                          _non_persistent_buffers_set=set(transient), **attributes)
    return value


def detection_model():
    """The way ultralytics publishes YOLOv5: the module itself, its classes unknown to us."""
    conv = module(new_class("torch.nn.modules.conv", "Conv2d"), {"weight": Parameter(dense((2, 3, 1, 1), "HalfStorage")),
                                                                 "bias": None})
    bn = module(new_class("torch.nn.modules.batchnorm", "BatchNorm2d"), {"weight": Parameter(dense((2,), "HalfStorage"))},
                {"running_mean": dense((2,), "HalfStorage"), "scratch": dense((9,), "HalfStorage")}, transient=["scratch"])
    layer = module(new_class("models.common", "Conv"), modules={"conv": conv, "bn": bn},
                   act=module(new_class("torch.nn.modules.activation", "SiLU")))
    stack = module(new_class("torch.nn.modules.container", "Sequential"), modules={"0": layer})
    model = module(new_class("models.yolo", "DetectionModel"), modules={"model": stack}, names={0: "mask", 1: "none"},
                   stride=dense((3,)), yaml={"nc": 2})
    wanted = {"model.0.conv.weight": conv._parameters["weight"], "model.0.bn.weight": bn._parameters["weight"],
              "model.0.bn.running_mean": bn._buffers["running_mean"]}
    return model, wanted


def main(folder):
    expected = {}

    def add(name, save, value, wanted, **arguments):
        extra = {key: arguments.pop(key) for key in ("classes", "refused") if key in arguments}
        save(os.path.join(folder, name), value, **arguments)
        expected[name] = {"tensors": content(wanted), **extra}

    state = state_dict()
    for protocol in (2, 3, 4, 5):
        add("zip_protocol_%d.pt" % protocol, save_zip, state, state, protocol=protocol)
        add("legacy_protocol_%d.pt" % protocol, save_legacy, state, state, protocol=protocol)
    add("deflated.pt", save_zip, state, state, compression=zipfile.ZIP_DEFLATED)
    add("bare_folder.pt", save_zip, state, state, folder="retina/net")

    wrapped = {"epoch": 3, "arch": "resnet18", "best_acc": Tensor(Storage("FloatStorage", [0.5]), ()),
               "state_dict": collections.OrderedDict(("module." + k, v) for k, v in state.items()),
               "optimizer": {"state": {0: {"momentum_buffer": dense((4,))}}, "param_groups": [{"lr": 0.1}]},
               "classes": ["correct", "incorrect", "none"]}
    add("checkpoint.pt", save_zip, wrapped, state, classes=wrapped["classes"])
    add("checkpoint_legacy.pt", save_legacy, wrapped, state, classes=wrapped["classes"])
    add("odd_key.pt", save_zip, {"epoch": 1, "my_net": {"inner": state}}, state)
    add("two_nets.pt", save_zip, {"generator": state, "critic": {"w": dense((2,))}}, state)

    kinds = collections.OrderedDict((kind, dense((2, 3), kind)) for kind in STORAGES if kind != "ComplexFloatStorage")
    add("kinds.pt", save_zip, kinds, kinds)
    add("kinds_legacy.pt", save_legacy, kinds, kinds)
    raw = Storage(None, numbers(24), pack("FloatStorage", numbers(6)))
    add("typed.pt", save_zip, {"a": Tensor(raw, (2, 3), dtype=stand_in("torch", "float32", type("float32", (), {})))},
        {"a": Tensor(Storage("FloatStorage", numbers(6)), (2, 3))})

    shared = Storage("FloatStorage", numbers(60))
    views = collections.OrderedDict([
        ("whole", Tensor(shared, (3, 4, 5))), ("transposed", Tensor(shared, (5, 4, 3), (1, 5, 20))),
        ("part", Tensor(shared, (2, 2), (5, 1), 21)), ("channels_last", Tensor(shared, (1, 5, 3, 4), (60, 1, 20, 5))),
        ("expanded", Tensor(shared, (4, 3), (0, 1), 7)), ("scalar", Tensor(shared, (), (), 59)),
        ("empty", Tensor(shared, (0, 3), (3, 1), 0)), ("parameter", Parameter(Tensor(shared, (6,), (10,))))])
    add("views.pt", save_zip, views, views)
    add("views_legacy.pt", save_legacy, views, views)

    model, wanted = detection_model()
    for name, save in (("module.pt", save_zip), ("module_legacy.pt", save_legacy)):
        add(name, save, {"epoch": -1, "ema": None, "model": model, "optimizer": None}, wanted, classes=["mask", "none"])
    subclass = new_class("torchvision.tv_tensors", "Image")
    add("subclass.pt", save_zip, {"a": Call(REBUILD_SUBCLASS, REBUILD_TENSOR, subclass, (shared, 0, (2,), (1,)), {})},
        {"a": Tensor(shared, (2,))})
    add("sized.pt", save_zip, {"a": Call(REBUILD_TENSOR, shared, 0, Call(SIZE, (2, 3)), (3, 1))},
        {"a": Tensor(shared, (2, 3))})

    # Nothing of this may run, and only what is needed must be readable.
    marker = os.path.join(folder, "was_run")
    evil = Call(os.system, "touch " + marker)
    add("call_beside.pt", save_zip, {"state_dict": state, "args": evil}, state)
    add("call_within.pt", save_zip, collections.OrderedDict([("a", state["fc.weight"]), ("b", evil)]),
        {"a": state["fc.weight"]}, refused={"b": "posix.system"})
    save_zip(os.path.join(folder, "bad_only_a_call.pt"), evil)
    save_zip(os.path.join(folder, "bad_no_tensors.pt"), {"epoch": 1, "names": ["a"], "x": Call(new_class("argparse2", "Namespace"))})
    save_zip(os.path.join(folder, "bad_complex.pt"), {"a": dense((2,), "ComplexFloatStorage")})
    save_zip(os.path.join(folder, "bad_quantized.pt"), {"a": Call(REBUILD_QTENSOR, shared, 0, (2,), (1,), (), False, {})})
    save_zip(os.path.join(folder, "bad_big_endian.pt"), state, order="big")
    for name, tensor in {
            "too_long": Tensor(shared, (61,)), "too_far": Tensor(shared, (2,), (1,), 59),
            "far_stride": Tensor(shared, (2, 2), (2 ** 39, 2 ** 39)), "huge": Tensor(shared, (2 ** 39, 2 ** 39), (0, 0)),
            "repeated": Tensor(shared, (2 ** 30,), (0,)), "negative": Tensor(shared, (-1,)),
            "backwards": Tensor(shared, (2,), (-1,), 5), "ragged": Tensor(shared, (2, 2), (1,)),
            "many_axes": Tensor(shared, (1,) * 40), "no_storage": Tensor(5, (2,))}.items():
        save_zip(os.path.join(folder, "bad_%s.pt" % name), {"a": tensor})
    # 60 levels of lists of dicts that each name the level below twice.
    bomb = {"t": dense((1,))}
    for _ in range(60):
        bomb = {"a": bomb, "b": bomb}
    save_zip(os.path.join(folder, "bad_bomb.pt"), {"x": bomb})
    deep = {"t": dense((1,))}
    for _ in range(200):
        deep = {"d": deep}
    save_zip(os.path.join(folder, "bad_deep.pt"), {"x": deep})
    circle = {}
    circle["again"] = circle
    save_zip(os.path.join(folder, "bad_circle.pt"), circle)
    with open(os.path.join(folder, "bad_plain_pickle.pt"), "wb") as file:
        pickle.dump({"a": [1, 2]}, file, 2)
    with zipfile.ZipFile(os.path.join(folder, "bad_other_zip.pt"), "w") as archive:
        archive.writestr("letter.txt", "hello")
    missing = os.path.join(folder, "bad_missing_storage.pt")
    save_zip(missing + ".whole", state)
    with zipfile.ZipFile(missing + ".whole") as whole, zipfile.ZipFile(missing, "w") as rest:
        for name in whole.namelist():
            if not name.endswith("data/1"):
                rest.writestr(name, whole.read(name))
    os.remove(missing + ".whole")

    with open(os.path.join(folder, "expected.json"), "w") as file:
        json.dump(expected, file)


if __name__ == "__main__":
    main(sys.argv[1])
