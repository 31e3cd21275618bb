#!/usr/bin/env python3
"""Writes optimiser_traces.json: parameters after each step of SGD, Adam and AdamW.

The formulas are those that PyTorch documents for torch.optim.SGD, Adam and AdamW, in the order of
its single-tensor code, written out for scalars; nothing but the standard library is used. Every
operation is rounded to the precision of the case (rounding the f64 result of one f32 operation gives
the f32 result). Powers of the betas are exact fractions, rounded once.

    python3 optimiser_traces.py > optimiser_traces.json
"""

import json
import math
import random
import struct
from fractions import Fraction

STEPS, SIZE = 12, 4


def f32(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def f64(x):
    return x


def power(base, n):
    return float(Fraction(base) ** n)


def sgd(r, config, p, gradients):
    rate, momentum, decay = (r(config[k]) for k in ("learning_rate", "momentum", "weight_decay"))
    fresh = r(1 - config["dampening"])
    buffer = [None] * len(p)
    for gradient in gradients:
        for i, g in enumerate(gradient):
            if decay != 0:
                g = r(g + r(decay * p[i]))
            if momentum != 0:
                if buffer[i] is None:
                    buffer[i] = g
                else:
                    buffer[i] = r(r(buffer[i] * momentum) + r(fresh * g))
                g = r(g + r(momentum * buffer[i])) if config["nesterov"] else buffer[i]
            p[i] = r(p[i] - r(rate * g))
        yield list(p)


def adam(r, config, p, gradients):
    lr, beta1, beta2 = (config[k] for k in ("learning_rate", "beta1", "beta2"))
    decay, epsilon = config["weight_decay"], r(config["epsilon"])
    m, v = [0.0] * len(p), [0.0] * len(p)
    for step, gradient in enumerate(gradients, 1):
        correction1 = 1 - power(beta1, step)
        correction2 = 1 - power(beta2, step)
        step_size = r(-(lr / correction1))
        root = r(correction2**0.5)
        weight = r(1 - beta1)
        for i, g in enumerate(gradient):
            if decay != 0:
                if config["decoupled"]:
                    p[i] = r(p[i] * r(1 - lr * decay))
                else:
                    g = r(g + r(r(decay) * p[i]))
            # Tensor.lerp
            difference = r(g - m[i])
            if abs(weight) < 0.5:
                m[i] = r(m[i] + r(weight * difference))
            else:
                m[i] = r(g - r(difference * r(1 - weight)))
            # Tensor.mul, then addcmul
            v[i] = r(r(v[i] * r(beta2)) + r(r(r(1 - beta2) * g) * g))
            denominator = r(r(r(math.sqrt(v[i])) / root) + epsilon)
            # Tensor.addcdiv
            p[i] = r(p[i] + r(r(step_size * m[i]) / denominator))
        yield list(p)


def main():
    rng = random.Random(20)
    start = [f32(rng.gauss(0, 1)) for _ in range(SIZE)]
    gradients = [[f32(rng.gauss(0, 10 ** rng.uniform(-3, 1))) for _ in start] for _ in range(STEPS)]

    plain = dict(
        learning_rate=0.05, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False
    )
    usual = dict(
        learning_rate=0.01, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.0, decoupled=False
    )
    cases = [
        ("plain", sgd, plain),
        ("plain with decay", sgd, plain | dict(weight_decay=0.1)),
        ("momentum", sgd, plain | dict(momentum=0.9)),
        ("dampening", sgd, plain | dict(momentum=0.8, dampening=0.3, weight_decay=0.01)),
        ("nesterov", sgd, plain | dict(momentum=0.9, weight_decay=3e-4, nesterov=True)),
        ("adam", adam, usual),
        ("adam with decay", adam, usual | dict(weight_decay=0.1)),
        ("adam, fast mean", adam, usual | dict(beta1=0.3, beta2=0.9, epsilon=1e-3)),
        ("adamw", adam, usual | dict(weight_decay=0.1, decoupled=True)),
    ]
    traces = []
    for name, rule, config in cases:
        trace = {"name": name, "config": {rule.__name__: config}}
        for key, r in ("f64", f64), ("f32", f32):
            trace[key] = list(rule(r, config, list(start), gradients))
        traces.append(trace)
    document = {"start": start, "gradients": gradients, "traces": traces}
    print(json.dumps(document).replace('{"name"', '\n{"name"'))


main()
