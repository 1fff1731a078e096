"""The workloads in PyTorch, eager, with fused optimizers where there are such. Usage: torch_networks.py WORKLOAD ..."""
import os
import sys

import torch
import torch.nn.functional as F
from measure import measure
from torch import nn

# Subnormal numbers would slow it down; the flag goes to threads that start later.
torch.set_flush_denormal(True)
torch.set_num_threads(int(os.environ.get("BENCH_THREADS", "1")))
torch.manual_seed(0)
BATCHES = 16


def classes(*shape, most=10):
    return [torch.randint(0, most, shape) for _ in range(BATCHES)]


def uniform(*shape):
    return [torch.rand(*shape) - 0.5 for _ in range(BATCHES)]


def train(workload, variant, model, loss, optimizer, xs, ts):
    model.train()
    count = [0]

    def run(steps):
        for _ in range(steps):
            batch = count[0] % BATCHES
            optimizer.zero_grad(set_to_none=True)
            loss(model(xs[batch]), ts[batch]).backward()
            optimizer.step()
            count[0] += 1

    measure(f"PyTorch {variant}".strip(), workload, run)


def dense(*widths, between):
    layers = []
    for number, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        layers.append(nn.Linear(inputs, outputs))
        if number + 2 < len(widths):
            layers += between(outputs)
    return nn.Sequential(*layers)


def mnist():
    xs, ts = uniform(128, 784), classes(128)
    for foreach in (False, True):
        model = dense(784, 512, 10, between=lambda _: [nn.ReLU()])
        optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3, alpha=0.9, eps=1e-7, foreach=foreach)
        train("mnist", "foreach" if foreach else "", model, F.cross_entropy, optimizer, xs, ts)


def tiny():
    model = nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.Linear(2, 1), nn.Sigmoid())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    train("tiny", "", model, lambda y, t: ((y - t) ** 2).sum(), optimizer, uniform(1, 2), uniform(1, 1))


def control():
    model = dense(4, 64, 64, 2, between=lambda _: [nn.Tanh()])
    train("control", "", model, F.mse_loss, torch.optim.Adam(model.parameters(), fused=True), uniform(32, 4), uniform(32, 2))


def lenet():
    for layout, name in ((torch.contiguous_format, "NCHW"), (torch.channels_last, "NHWC")):
        model = nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)).to(memory_format=layout)
        xs = [x.contiguous(memory_format=layout) for x in uniform(64, 1, 28, 28)]
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, fused=True)
        train("lenet", name, model, F.cross_entropy, optimizer, xs, classes(64))


def batchnorm():
    model = dense(784, 256, 256, 10, between=lambda width: [nn.BatchNorm1d(width), nn.ReLU()])
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    train("batchnorm", "", model, F.cross_entropy, optimizer, uniform(128, 784), classes(128))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.mix = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        batch, steps, width = x.shape
        split = self.qkv(self.norm1(x)).chunk(3, -1)
        q, k, v = (part.view(batch, steps, self.heads, width // self.heads).transpose(1, 2) for part in split)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.mix(mixed.transpose(1, 2).reshape(batch, steps, width))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Transformer(nn.Module):
    def __init__(self, letters=65, width=64, heads=4, steps=64, blocks=2):
        super().__init__()
        self.table = nn.Embedding(letters, width)
        time, axis = torch.arange(steps)[:, None], torch.arange(0, width, 2)[None]
        angle = time / 10000 ** (axis / width)
        self.register_buffer("wave", torch.stack([angle.sin(), angle.cos()], -1).reshape(steps, width))
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(blocks)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, letters)

    def forward(self, x):
        return self.head(self.norm(self.blocks(self.table(x) + self.wave)))


def transformer():
    model = Transformer()
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    loss = lambda y, t: F.cross_entropy(y.flatten(0, 1), t.flatten())
    train("transformer", "", model, loss, optimizer, classes(8, 64, most=65), classes(8, 64, most=65))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(32, 64, batch_first=True), nn.Linear(64, 10)

    def forward(self, x):
        return self.head(self.lstm(x)[0][:, -1])


def lstm():
    model = Recurrent()
    train("lstm", "", model, F.cross_entropy, torch.optim.Adam(model.parameters(), fused=True), uniform(32, 32, 32), classes(32))


def infer(workload, rows):
    model = dense(784, 512, 10, between=lambda _: [nn.ReLU()]).eval()
    xs, count = uniform(rows, 784), [0]

    def run(steps):
        with torch.inference_mode():
            for _ in range(steps):
                F.softmax(model(xs[count[0] % BATCHES]), -1)
                count[0] += 1

    measure("PyTorch", workload, run)


def inference1():
    infer("inference1", 1)


def inference128():
    infer("inference128", 128)


def adam(model):
    return torch.optim.Adam(model.parameters(), fused=True)


def filters(workload, make, *shape):
    for layout, name in ((torch.contiguous_format, "NCHW"), (torch.channels_last, "NHWC")):
        model = make().to(memory_format=layout)
        xs = [x.contiguous(memory_format=layout) for x in uniform(*shape)]
        train(workload, name, model, F.cross_entropy, adam(model), xs, classes(shape[0]))


class Mean(nn.Module):
    def __init__(self, *axes):
        super().__init__()
        self.axes = axes

    def forward(self, x):
        return x.mean(self.axes)


def images():
    filters("images", lambda: nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4096, 128), nn.ReLU(), nn.Linear(128, 10)),
        32, 3, 32, 32)


def strided():
    filters("strided", lambda: nn.Sequential(
        nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.BatchNorm2d(32), nn.ReLU(),
        nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.BatchNorm2d(64), nn.ReLU(), Mean(2, 3), nn.Linear(64, 10)), 32, 16, 16, 16)


class Gated(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru, self.head = nn.GRU(16, 128, batch_first=True), nn.Linear(128, 4)

    def forward(self, x):
        return self.head(self.gru(x)[0][:, -1])


def gru():
    model = Gated()
    train("gru", "", model, F.mse_loss, adam(model), uniform(16, 50, 16), uniform(16, 4))


def housing():
    model = dense(13, 64, 32, 1, between=lambda _: [nn.ReLU()])
    train("housing", "", model, F.mse_loss, torch.optim.SGD(model.parameters(), lr=0.01, fused=True), uniform(16, 13), uniform(16, 1))


def wide():
    model = Transformer(letters=200, width=128, heads=8, steps=128, blocks=1)
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    loss = lambda y, t: F.cross_entropy(y.flatten(0, 1), t.flatten())
    train("wide", "", model, loss, optimizer, classes(4, 128, most=200), classes(4, 128, most=200))


def signal():
    model = nn.Sequential(nn.Conv1d(8, 32, 5, padding=2), nn.ReLU(), nn.Conv1d(32, 64, 5, stride=2, padding=2), nn.ReLU(), Mean(2), nn.Linear(64, 6))
    train("signal", "", model, F.mse_loss, adam(model), uniform(32, 8, 128), uniform(32, 6))


def autoencoder():
    model = nn.Sequential(*dense(784, 256, 32, 256, 784, between=lambda _: [nn.ReLU()]), nn.Sigmoid())
    train("autoencoder", "", model, F.mse_loss, adam(model), uniform(100, 784), uniform(100, 784))


if __name__ == "__main__":
    for workload in sys.argv[1:]:
        globals()[workload]()
