"""compare.py ZOO_OUTPUTS ARCHITECTURE...

Gives PyTorch networks random weights and random BatchNorm statistics, puts the same weights into maskscope's graphs by name, and compares
"features" and "logits" with PyTorch in double precision: |a - b| <= 1e-4 * largest |reference| + 8 times what PyTorch's own single
precision is off by (deep networks of random weights blow rounding up). Exit code 77 (skipped) where torchvision is not installed.
"""
import json
import os
import struct
import subprocess
import sys
import tempfile

try:
    import numpy
    import torch
    import torchvision
except ImportError as error:
    print(f"SKIPPED: {error}: python3-torchvision is not installed (tools/packages test installs it)", file=sys.stderr)
    sys.exit(77)

import published

TOLERANCE = 1e-4
CLASSES = 7
# One size that strides divide, one that they do not; a batch.
SHAPES = [(1, 3, 64, 96), (2, 3, 75, 93)]


def build(architecture):
    """The reference network and the module whose input is the pooled vector."""
    if architecture.startswith("resnest"):
        model = published.ResNeSt(int(architecture.removeprefix("resnest")), CLASSES)
    elif architecture.endswith("v2") and architecture.startswith("resnet"):
        model = published.ResNetV2(int(architecture.removeprefix("resnet").removesuffix("v2")), CLASSES)
    else:
        model = torchvision.models.get_model(architecture.removesuffix("_torchvision"), weights=None, num_classes=CLASSES)
    for name in ("fc", "classifier", "predictions"):
        if hasattr(model, name):
            return model.eval(), getattr(model, name)
    raise SystemExit(f"{architecture}: no last layer found")


def randomise(model, generator):
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.weight.uniform_(0.5, 1.5, generator=generator)
            module.bias.normal_(0, 0.2, generator=generator)
            module.running_mean.normal_(0, 0.2, generator=generator)
            module.running_var.uniform_(0.5, 1.5, generator=generator)
        elif isinstance(module, torch.nn.Linear):
            module.weight.normal_(0, module.in_features ** -0.5, generator=generator)
            module.bias.normal_(0, 0.2, generator=generator)
        elif isinstance(module, torch.nn.Conv2d):
            fan_in = module.weight[0].numel()
            module.weight.normal_(0, (2 / fan_in) ** 0.5, generator=generator)
            if module.bias is not None:
                module.bias.normal_(0, 0.2, generator=generator)
    settle(model, generator)


def settle(model, generator):
    """Statistics of a batch, as a trained network has them: without, values grow from layer to layer until rounding is all that is compared."""
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    # Dropout is left out, so that only BatchNorm learns.
    for module in model.modules():
        module.training = isinstance(module, torch.nn.BatchNorm2d)
    model(torch.randn((4, 3, 96, 96), generator=generator))
    model.eval()
    for module in model.modules():
        # Of so small a batch some channels hardly vary (those after a global pool, above all): they would be blown up.
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_var.clamp_(min=module.running_var.mean().item())


def write_safetensors(path, tensors):
    header, offset, parts = {}, 0, []
    for name, tensor in tensors.items():
        kind = "F32" if tensor.dtype == torch.float32 else "I64"
        data = tensor.contiguous().numpy().tobytes()
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
        parts.append(data)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.writelines(parts)


def reference(model, last, pictures):
    taken = {}
    hook = last.register_forward_pre_hook(lambda _, inputs: taken.update(features=inputs[0].flatten(1).clone()))
    taken["logits"] = model(pictures)
    hook.remove()
    return taken


def compare(program, architecture, folder):
    generator = torch.Generator().manual_seed(17)
    model, last = build(architecture)
    randomise(model, generator)
    weights, source = os.path.join(folder, "weights.safetensors"), os.path.join(folder, "input.safetensors")
    write_safetensors(weights, model.state_dict())
    good = True
    for shape in SHAPES:
        pictures = torch.randn(shape, generator=generator)
        write_safetensors(source, {"input": pictures})
        subprocess.run([program, architecture, str(CLASSES), weights, source, folder], check=True)
        single = reference(model, last, pictures)
        exact = reference(model.double(), last, pictures.double())
        model.float()
        for name, wanted in exact.items():
            found = torch.from_numpy(numpy.fromfile(os.path.join(folder, name + ".f32"), dtype=numpy.float32)).double()
            largest = wanted.abs().max().item()
            same_size = found.numel() == wanted.numel()
            worst = (found - wanted.flatten()).abs().max().item() if same_size else float("inf")
            rounding = (single[name] - wanted).abs().max().item()
            fits = worst <= TOLERANCE * largest + 8 * rounding  # false for NaN, too
            good = good and fits
            print(f"{'ok  ' if fits else 'FAIL'} {architecture} {'x'.join(map(str, shape))} {name}: "
                  f"largest difference {worst:.2e} of {largest:.2e} (PyTorch's own rounding {rounding:.2e})", flush=True)
    return good


def main(program, architectures):
    torch.set_num_threads(1)
    with torch.no_grad(), tempfile.TemporaryDirectory(prefix="maskscope-parity-") as folder:
        results = [compare(program, architecture, folder) for architecture in architectures]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
