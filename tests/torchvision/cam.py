"""cam.py CAM_OUTPUTS

Grad-CAM and its relatives of networks with the same random weights, by PyTorch's autograd in double precision and by maskscope's own
gradients: the layer chosen by default, and an earlier one given by name. Maps are compared relative to their greatest value:
|a - b| <= 1e-4 + 8 times what PyTorch's own single precision is off by. Exit code 77 (skipped) where torchvision is not installed.
"""
import os
import subprocess
import sys
import tempfile

import compare  # exits with 77 where PyTorch is missing
import numpy
import torch

TOLERANCE = 1e-4
NOISE = 2e-6  # of a normalised picture: more than what the rounding of an engine comes to
MOST_SCORED = 200  # channels: Score-CAM runs the network for each
# Architecture, maskscope's name of the layer ("" = its default), the module whose output it is.
CASES = [
    ("resnet18", "", lambda model: model.layer4),
    ("resnet18", "layer2.1.relu", lambda model: model.layer2),
    ("mobilenet_v2_torchvision", "", lambda model: model.features),
    ("mobilenet_v3_small", "", lambda model: model.features),
]


def score_cam(model, picture, activation, target):
    low, high = activation.amin((1, 2), keepdim=True), activation.amax((1, 2), keepdim=True)
    kept = (high > low).flatten()
    masks = ((activation - low)[kept] / (high - low)[kept])[:, None]
    masks = torch.nn.functional.interpolate(masks, size=picture.shape[2:], mode="bilinear", align_corners=False)
    with torch.no_grad():
        scores = torch.cat([model(picture * part)[:, target] for part in masks.split(32)])
    return torch.relu((torch.softmax(scores, 0)[:, None, None] * activation[kept]).sum(0))


def eigen_cam(activation):
    flat = activation.flatten(1).T
    projection = flat @ torch.linalg.svd(flat, full_matrices=False)[2][0]
    return torch.relu(projection * (1 if projection.sum() >= 0 else -1)).reshape(activation.shape[1:])


def maps(model, module, picture, target, scored=True):
    taken = {}

    def keep(_, __, output):
        output.retain_grad()
        taken["output"] = output

    hook = module.register_forward_hook(keep)
    model(picture)[0, target].backward()
    hook.remove()
    a, g = taken["output"].detach()[0], taken["output"].grad[0]
    squared = 2 * g ** 2 + a.sum((1, 2), keepdim=True) * g ** 3
    share = torch.where(squared != 0, g ** 2 / torch.where(squared != 0, squared, torch.ones_like(squared)), torch.zeros_like(g))
    result = {
        "gradcam": torch.relu((g.mean((1, 2), keepdim=True) * a).sum(0)),
        "gradcam++": torch.relu(((share * torch.relu(g)).sum((1, 2), keepdim=True) * a).sum(0)),
        "hirescam": torch.relu((g * a).sum(0)),
        "layercam": torch.relu((torch.relu(g) * a).sum(0)),
        "eigencam": eigen_cam(a),
    }
    if scored and len(a) <= MOST_SCORED:
        result["scorecam"] = score_cam(model, picture, a, target)
    return {name: map_ / map_.max().clamp(min=1e-30) for name, map_ in result.items()}


def is_steady(model, module, picture, target, generator):
    """Whether no ReLU is so near 0 that rounding decides if it is open: its derivative would jump. And there is heat in every map."""
    wanted = maps(model, module, picture, target, scored=False)
    for _ in range(2):
        moved = maps(model, module, picture + NOISE * torch.randn(picture.shape, generator=generator), target, scored=False)
        if any((moved[name] - wanted[name]).abs().max() > TOLERANCE for name in wanted):
            return False
    return all(map_.max() > 0.5 for map_ in wanted.values())


def check(program, architecture, layer, module_of, folder):
    generator = torch.Generator().manual_seed(23)
    with torch.no_grad():
        model, _ = compare.build(architecture)
        compare.randomise(model, generator)
    model.double()
    for _ in range(40):
        picture = torch.randn((1, 3, 128, 160), generator=generator)
        with torch.no_grad():
            target = model(picture.double()).argmax().item()
        if is_steady(model, module_of(model), picture.double(), target, generator):
            break
    else:
        raise SystemExit(f"{architecture}: no picture found that rounding does not matter to")
    model.float()
    weights, source = os.path.join(folder, "weights.safetensors"), os.path.join(folder, "input.safetensors")
    compare.write_safetensors(weights, model.state_dict())
    compare.write_safetensors(source, {"input": picture})
    command = [program, architecture, str(compare.CLASSES), weights, source, folder, str(target)] + ([layer] if layer else [])
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    single = maps(model, module_of(model), picture, target)
    exact = maps(model.double(), module_of(model), picture.double(), target)
    good = True
    for name, wanted in exact.items():
        found = torch.from_numpy(numpy.fromfile(os.path.join(folder, name + ".f32"), dtype=numpy.float32)).double()
        same_size = found.numel() == wanted.numel() and (int(said[2]), int(said[1])) == tuple(wanted.shape)
        worst = (found / found.max().clamp(min=1e-30) - wanted.flatten()).abs().max().item() if same_size else float("inf")
        rounding = (single[name] - wanted).abs().max().item()
        fits = worst <= TOLERANCE + 8 * rounding
        good = good and fits
        print(f"{'ok  ' if fits else 'FAIL'} {architecture} {said[0]} {name}: largest difference {worst:.1e} of the map's greatest value "
              f"(PyTorch's own rounding {rounding:.1e})", flush=True)
    return good


def main(program):
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="maskscope-cam-") as folder:
        results = [check(program, *case, folder) for case in CASES]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main(sys.argv[1])
