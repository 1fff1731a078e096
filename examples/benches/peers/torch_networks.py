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
    def __init__(self, letters=65, width=64, heads=4, steps=64):
        super().__init__()
        self.table = nn.Embedding(letters, width)
        time, axis = torch.arange(steps)[:, None], torch.arange(0, width, 2)[None]
        angle = time / 10000 ** (axis / width)
        self.register_buffer("wave", torch.stack([angle.sin(), angle.cos()], -1).reshape(steps, width))
        self.blocks = nn.Sequential(Block(width, heads), Block(width, heads))
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


if __name__ == "__main__":
    for workload in sys.argv[1:]:
        globals()[workload]()
