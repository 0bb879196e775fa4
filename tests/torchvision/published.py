"""Networks that torchvision does not have, in PyTorch, written from their papers: references for compare.py, independent of maskscope's graphs.

Modules carry the names that the published weights have.
"""
import torch
from torch import nn
from torch.nn import functional


class SplitAttention(nn.Module):
    """Zhang et al. 2020, figure 2, cardinality 1: feature-map groups that compete by a softmax over the radix."""

    def __init__(self, channels, radix=2):
        super().__init__()
        squeezed = max(32, channels * radix // 4)
        self.radix = radix
        self.conv = nn.Conv2d(channels, channels * radix, 3, padding=1, groups=radix, bias=False)
        self.bn0 = nn.BatchNorm2d(channels * radix)
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.bn1 = nn.BatchNorm2d(squeezed)
        self.fc2 = nn.Conv2d(squeezed, channels * radix, 1)

    def forward(self, x):
        groups = torch.stack(functional.relu(self.bn0(self.conv(x))).chunk(self.radix, dim=1))  # [radix, batch, channels, height, width]
        gap = groups.sum(dim=0).mean(dim=(2, 3), keepdim=True)
        attention = self.fc2(functional.relu(self.bn1(self.fc1(gap))))
        weights = torch.softmax(torch.stack(attention.chunk(self.radix, dim=1)), dim=0)
        return (groups * weights).sum(dim=0)


class ResNeStBottleneck(nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        outputs = 4 * width
        self.stride = stride
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = SplitAttention(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            pool = nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False)
            self.downsample = nn.Sequential(pool, nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.conv2(functional.relu(self.bn1(self.conv1(x))))
        if self.stride != 1:
            y = functional.avg_pool2d(y, 3, self.stride, padding=1)
        y = self.bn3(self.conv3(y))
        return functional.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNeSt(nn.Module):
    def __init__(self, depth, classes):
        super().__init__()
        blocks, stem = {50: ((3, 4, 6, 3), 32), 101: ((3, 4, 23, 3), 64), 200: ((3, 24, 36, 3), 64)}[depth]
        self.conv1 = nn.Sequential(
            nn.Conv2d(3, stem, 3, 2, 1, bias=False), nn.BatchNorm2d(stem), nn.ReLU(),
            nn.Conv2d(stem, stem, 3, 1, 1, bias=False), nn.BatchNorm2d(stem), nn.ReLU(),
            nn.Conv2d(stem, 2 * stem, 3, 1, 1, bias=False))
        self.bn1 = nn.BatchNorm2d(2 * stem)
        channels = 2 * stem
        for stage, count in enumerate(blocks):
            width, layers = 64 * 2 ** stage, []
            for i in range(count):
                layers.append(ResNeStBottleneck(channels, width, 2 if stage > 0 and i == 0 else 1))
                channels = 4 * width
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layers))
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = functional.max_pool2d(functional.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean(dim=(2, 3)))


class ResNetV2(nn.Module):
    """He et al. 2016b with Keras' names and strides: a flat list of layers, as Keras has it."""

    def __init__(self, depth, classes):
        super().__init__()
        self.blocks = []  # (name, stride, has a convolution in its shortcut)
        self.conv1_conv = nn.Conv2d(3, 64, 7, 2, 3)
        channels = 64
        for stage, count in enumerate({50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}[depth]):
            width = 64 * 2 ** stage
            for i in range(count):
                stride = 2 if i == count - 1 and stage < 3 else 1
                self.add_block(f"conv{stage + 2}_block{i + 1}", channels, width, stride, i == 0)
                channels = 4 * width
        self.post_bn = nn.BatchNorm2d(channels, eps=1.001e-5)
        self.predictions = nn.Linear(channels, classes)

    def add_block(self, name, channels, width, stride, first):
        self.blocks.append((name, stride, first))
        layers = {"preact_bn": nn.BatchNorm2d(channels, eps=1.001e-5),
                  "1_conv": nn.Conv2d(channels, width, 1, bias=False), "1_bn": nn.BatchNorm2d(width, eps=1.001e-5),
                  "2_conv": nn.Conv2d(width, width, 3, stride, 1, bias=False), "2_bn": nn.BatchNorm2d(width, eps=1.001e-5),
                  "3_conv": nn.Conv2d(width, 4 * width, 1)}
        if first:
            layers["0_conv"] = nn.Conv2d(channels, 4 * width, 1, stride)
        for part, layer in layers.items():
            self.add_module(f"{name}_{part}", layer)

    def forward(self, x):
        x = functional.max_pool2d(functional.pad(self.conv1_conv(x), (1, 1, 1, 1)), 3, 2)
        for name, stride, first in self.blocks:
            layer = lambda part: getattr(self, f"{name}_{part}")
            active = functional.relu(layer("preact_bn")(x))
            shortcut = layer("0_conv")(active) if first else x[:, :, ::stride, ::stride]
            y = functional.relu(layer("1_bn")(layer("1_conv")(active)))
            y = functional.relu(layer("2_bn")(layer("2_conv")(y)))
            x = shortcut + layer("3_conv")(y)
        return self.predictions(functional.relu(self.post_bn(x)).mean(dim=(2, 3)))
