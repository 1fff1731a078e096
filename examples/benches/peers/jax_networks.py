"""The workloads in JAX on the CPU: one jitted call a step, and many steps in one jitted scan. Usage: jax_networks.py WORKLOAD ..."""
import sys

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from measure import measure

RNG = np.random.default_rng(0)
BATCHES = 16
each = jax.tree_util.tree_map


def normal(*shape, scale=0.05):
    return jnp.asarray(RNG.standard_normal(shape) * scale, jnp.float32)


def dense(inputs, outputs):
    return normal(inputs, outputs, scale=(2 / inputs) ** 0.5), jnp.zeros(outputs)


def uniform(*shape, batches=BATCHES):
    return (RNG.random((batches, *shape), np.float32) - 0.5).astype(np.float32)


def classes(*shape, most=10):
    return RNG.integers(0, most, (BATCHES, *shape)).astype(np.int32)


def cross_entropy(logits, t):
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), t[..., None], -1))


# An optimizer: what it keeps at the start, and (parameters, gradient, kept) -> (parameters, kept).
def sgd(rate):
    return lambda p: (), lambda p, g, kept: (each(lambda p, g: p - rate * g, p, g), kept)


def momentum(rate, keep):
    def step(p, g, v):
        v = each(lambda v, g: keep * v + g, v, g)
        return each(lambda p, v: p - rate * v, p, v), v
    return lambda p: each(jnp.zeros_like, p), step


def rms_prop(rate, keep, epsilon=1e-7):
    def step(p, g, v):
        v = each(lambda v, g: keep * v + (1 - keep) * g * g, v, g)
        return each(lambda p, g, v: p - rate * g / (jnp.sqrt(v) + epsilon), p, g, v), v
    return lambda p: each(jnp.zeros_like, p), step


def adam(rate, decay=0.0, beta1=0.9, beta2=0.999, epsilon=1e-8):
    def step(p, g, kept):
        m, v, t = kept
        t = t + 1
        m = each(lambda m, g: beta1 * m + (1 - beta1) * g, m, g)
        v = each(lambda v, g: beta2 * v + (1 - beta2) * g * g, v, g)
        first, second = rate / (1 - beta1**t), 1 / (1 - beta2**t)
        p = each(lambda p, m, v: p - rate * decay * p - first * m / (jnp.sqrt(v * second) + epsilon), p, m, v)
        return p, (m, v, t)
    return lambda p: (each(jnp.zeros_like, p), each(jnp.zeros_like, p), jnp.zeros(())), step


def train(workload, variant, loss, parameters, optimizer, xs, ts, states=()):
    """`loss(parameters, states, x, t)` gives the loss and the new states."""
    start, update = optimizer

    def step(carry, batch):
        p, states, kept = carry
        (value, states), g = jax.value_and_grad(loss, has_aux=True)(p, states, *batch)
        p, kept = update(p, g, kept)
        return (p, states, kept), value

    fresh = lambda: each(jnp.array, (parameters, states, start(parameters)))
    one = jax.jit(step, donate_argnums=0)
    batches = [(jnp.array(x), jnp.array(t)) for x, t in zip(xs, ts)]
    carry, count = [fresh()], [0]

    def calls(steps):
        for _ in range(steps):
            carry[0], value = one(carry[0], batches[count[0] % len(batches)])
            count[0] += 1
        jax.block_until_ready((carry[0], value))

    measure(f"JAX jit {variant}".strip(), workload, calls)
    many = jax.jit(lambda carry, batches: lax.scan(step, carry, batches), donate_argnums=0)
    data, carried = (jnp.array(xs), jnp.array(ts)), [fresh()]

    def scans(rounds):
        for _ in range(rounds):
            carried[0], values = many(carried[0], data)
        jax.block_until_ready(carried[0])

    measure(f"JAX scan {variant}".strip(), workload, scans, steps=len(batches))


def plain(loss):
    return lambda p, states, x, t: (loss(p, x, t), states)


def mlp(p, x):
    (w1, b1), (w2, b2) = p
    return jax.nn.relu(x @ w1 + b1) @ w2 + b2


def mnist():
    loss = plain(lambda p, x, t: cross_entropy(mlp(p, x), t))
    train("mnist", "", loss, (dense(784, 512), dense(512, 10)), rms_prop(1e-3, 0.9), uniform(128, 784), classes(128))


def tiny():
    def loss(p, x, t):
        (w1, b1), (w2, b2) = p
        return jnp.sum((jax.nn.sigmoid(jax.nn.sigmoid(x @ w1 + b1) @ w2 + b2) - t) ** 2)
    # So many steps in a scan that the call does not count.
    xs, ts = uniform(1, 2, batches=1024), uniform(1, 1, batches=1024)
    train("tiny", "", plain(loss), (dense(2, 2), dense(2, 1)), sgd(0.5), xs, ts)


def control():
    def loss(p, x, t):
        for w, b in p[:-1]:
            x = jnp.tanh(x @ w + b)
        return jnp.mean((x @ p[-1][0] + p[-1][1] - t) ** 2)
    xs, ts = uniform(32, 4, batches=256), uniform(32, 2, batches=256)
    train("control", "", plain(loss), (dense(4, 64), dense(64, 64), dense(64, 2)), adam(1e-3), xs, ts)


def lenet():
    for channels_last in (True, False):
        order = ("NHWC", "HWIO", "NHWC") if channels_last else ("NCHW", "OIHW", "NCHW")
        kernel = lambda o, i: normal(*((5, 5, i, o) if channels_last else (o, i, 5, 5)), scale=(2 / (25 * i)) ** 0.5)

        def convolve(x, w, b, pad):
            y = lax.conv_general_dilated(x, w, (1, 1), [(pad, pad)] * 2, dimension_numbers=order)
            return jax.nn.relu(y + (b if channels_last else b[:, None, None]))

        def pool(x):
            if channels_last:
                n, h, w, c = x.shape
                return x.reshape(n, h // 2, 2, w // 2, 2, c).max((2, 4))
            n, c, h, w = x.shape
            return x.reshape(n, c, h // 2, 2, w // 2, 2).max((3, 5))

        def loss(p, x, t):
            (k1, b1), (k2, b2), *rest = p
            h = pool(convolve(pool(convolve(x, k1, b1, 2)), k2, b2, 0)).reshape(x.shape[0], -1)
            for w, b in rest[:-1]:
                h = jax.nn.relu(h @ w + b)
            return cross_entropy(h @ rest[-1][0] + rest[-1][1], t)

        p = ((kernel(6, 1), jnp.zeros(6)), (kernel(16, 6), jnp.zeros(16)), dense(400, 120), dense(120, 84), dense(84, 10))
        shape = (64, 28, 28, 1) if channels_last else (64, 1, 28, 28)
        train("lenet", order[0], plain(loss), p, momentum(0.01, 0.9), uniform(*shape), classes(64))


def batchnorm():
    def loss(p, states, x, t):
        fresh = []
        for (w, b, gamma, beta), (mean, variance) in zip(p[:-1], states):
            x = x @ w + b
            mu = x.mean(0)
            sigma2 = ((x - mu) ** 2).mean(0)
            fresh.append((0.9 * mean + 0.1 * mu, 0.9 * variance + 0.1 * sigma2))
            x = jax.nn.relu((x - mu) * lax.rsqrt(sigma2 + 1e-5) * gamma + beta)
        return cross_entropy(x @ p[-1][0] + p[-1][1], t), tuple(fresh)

    p = tuple(dense(i, o) + (jnp.ones(o), jnp.zeros(o)) for i, o in ((784, 256), (256, 256))) + (dense(256, 10),)
    states = tuple((jnp.zeros(256), jnp.ones(256)) for _ in range(2))
    train("batchnorm", "", loss, p, adam(1e-3), uniform(128, 784), classes(128), states)


def transformer():
    width, heads, steps, letters, blocks = 64, 4, 64, 65, 2
    norm = lambda: (jnp.ones(width), jnp.zeros(width))
    block = lambda: dict(n1=norm(), qkv=dense(width, 3 * width), mix=dense(width, width), n2=norm(), up=dense(width, 4 * width),
                         down=dense(4 * width, width))
    p = dict(table=normal(letters, width), blocks=[block() for _ in range(blocks)], norm=norm(), head=dense(width, letters))
    angle = np.arange(steps)[:, None] / 10000 ** (np.arange(0, width, 2)[None] / width)
    wave = jnp.asarray(np.stack([np.sin(angle), np.cos(angle)], -1).reshape(steps, width), jnp.float32)
    mask = jnp.tril(jnp.ones((steps, steps), bool))

    def normalize(x, p):
        centred = x - x.mean(-1, keepdims=True)
        return centred * lax.rsqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * p[0] + p[1]

    def loss(p, x, t):
        batch, h = x.shape[0], p["table"][x] + wave
        for b in p["blocks"]:
            z = normalize(h, b["n1"]) @ b["qkv"][0] + b["qkv"][1]
            q, k, v = (z.reshape(batch, steps, heads, -1).transpose(0, 2, 1, 3) for z in jnp.split(z, 3, -1))
            a = jax.nn.softmax(jnp.where(mask, q @ k.swapaxes(-1, -2) / (width / heads) ** 0.5, -jnp.inf))
            h = h + (a @ v).transpose(0, 2, 1, 3).reshape(batch, steps, width) @ b["mix"][0] + b["mix"][1]
            z = jax.nn.gelu(normalize(h, b["n2"]) @ b["up"][0] + b["up"][1], approximate=False)
            h = h + z @ b["down"][0] + b["down"][1]
        return cross_entropy(normalize(h, p["norm"]) @ p["head"][0] + p["head"][1], t)

    train("transformer", "", plain(loss), p, adam(1e-3, decay=0.01), classes(8, 64, most=65), classes(8, 64, most=65))


def lstm():
    units, inputs = 64, 32

    def loss(p, x, t):
        w, u, b, head = p
        a = (x @ w + b).transpose(1, 0, 2)

        def cell(carry, a):
            h, c = carry
            i, f, g, o = jnp.split(a + h @ u, 4, -1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

        zeros = jnp.zeros((x.shape[0], units))
        (h, _), _ = lax.scan(cell, (zeros, zeros), a)
        return cross_entropy(h @ head[0] + head[1], t)

    p = (normal(inputs, 4 * units), normal(units, 4 * units), jnp.zeros(4 * units), dense(units, 10))
    train("lstm", "", plain(loss), p, adam(1e-3), uniform(32, 32, inputs), classes(32))


def infer(workload, rows):
    p = (dense(784, 512), dense(512, 10))
    call = jax.jit(lambda p, x: jax.nn.softmax(mlp(p, x)))
    xs = [jnp.array(x) for x in uniform(rows, 784)]

    def run(steps):
        for step in range(steps):
            y = call(p, xs[step % BATCHES])
        y.block_until_ready()

    measure("JAX jit", workload, run)


def inference1():
    infer("inference1", 1)


def inference128():
    infer("inference128", 128)


if __name__ == "__main__":
    for workload in sys.argv[1:]:
        globals()[workload]()
