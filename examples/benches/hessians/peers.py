"""The Hessians of this bench with JAX, jitted, in f64: microseconds, median / best.

python peers.py [SECONDS]
"""

import sys
import time

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)
random = np.random.default_rng(0)


def array(*shape, scale=1.0):
    return jnp.asarray(random.standard_normal(shape) * scale)


def report(name, function, argument, seconds):
    """Times a function until some seconds are over."""
    function = jax.jit(function)
    jax.block_until_ready(function(argument))
    times, start = [], time.perf_counter()
    while time.perf_counter() - start < seconds or len(times) < 5:
        begin = time.perf_counter()
        jax.block_until_ready(function(argument))
        times.append((time.perf_counter() - begin) * 1e6)
    print(f"  {name:<72} {np.median(times):10.3f} / {min(times):10.3f}")


def logistic(seconds):
    x, y = array(1000, 50), jnp.sign(array(1000))
    report("jax.hessian: 50 x 50, logistic regression on 1000 samples",
           jax.hessian(lambda w: jnp.sum(jnp.log(1 + jnp.exp(-y * (x @ w))))), array(50), seconds)

    def closed(w):
        s = jax.nn.sigmoid(-y * (x @ w))
        return (x * (s * (1 - s))[:, None]).T @ x
    report("the same by its closed form", closed, array(50), seconds)


def small(seconds):
    x, t = array(100, 10), array(100, 1)

    def loss(v):
        w1, b1, w2, b2 = v[:200].reshape(10, 20), v[200:220], v[220:240].reshape(20, 1), v[240:]
        return jnp.mean((jnp.tanh(x @ w1 + b1) @ w2 + b2 - t) ** 2)
    report("jax.hessian: 241 x 241, all parameters of 10-20-1 tanh, 100 samples", jax.hessian(loss), array(241, scale=0.3), seconds)


def deep(seconds):
    rest = [array(20, 20, scale=np.sqrt(2 / 20)) for _ in range(9)]
    x, t = array(100, 20), jnp.asarray(random.integers(0, 20, 100))

    def loss(w):
        h = x @ w
        for one in rest:
            h = jax.nn.relu(h) @ one
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(h), t[:, None], axis=1))
    report("jax.hessian: 400 x 400, the first of ten ReLU layers of width 20, 100 samples", jax.hessian(loss),
           array(20, 20, scale=np.sqrt(2 / 20)), seconds)


if __name__ == "__main__":
    length = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    for workload in (logistic, small, deep):
        workload(length)
