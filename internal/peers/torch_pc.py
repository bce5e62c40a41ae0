"""Settling and training one batch in PyTorch: the article's loop, or the whole loop under torch.compile.

The article's loop runs eagerly and asks torch.autograd.grad for the energy's gradient by the free
latents. Under torch.compile the gradient is written by hand and every step is unrolled, so that one
graph holds the whole batch.
"""

import torch

from problem import Problem, arguments, cores, load, print_json, time_ms

RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-8  # Adam's defaults, for the compiled step

Tensors = list[torch.Tensor]


def phi(name: str, v: torch.Tensor) -> torch.Tensor:
    return torch.tanh(v) if name == "tanh" else v


class Eager:
    """The article's loop, with its layers' errors kept as it keeps them."""

    def __init__(self, problem: Problem):
        self.p = problem
        self.weights = [torch.from_numpy(w.copy()) for w, _ in problem.layers]
        self.biases = [torch.from_numpy(b.copy()) for _, b in problem.layers]
        self.bottom, self.top = torch.from_numpy(problem.bottom), torch.from_numpy(problem.top)
        self.params = self.weights + self.biases
        self.start = [p.clone() for p in self.params]
        self.reset()

    def reset(self) -> None:
        """Goes back to the weights and the optimiser of the start."""
        with torch.no_grad():
            for p, start in zip(self.params, self.start):
                p.copy_(start)
        self.adam = torch.optim.Adam(self.params, lr=1e-3, maximize=True, fused=True)

    def errors(self, nodes: Tensors) -> tuple[Tensors, Tensors]:
        """The error of each node but the top, and phi of each node but the bottom."""
        f = [phi(a, v) for a, v in zip(self.p.activations, nodes[1:])]
        linear = torch.nn.functional.linear
        return [v - linear(f_n, w, b) for v, f_n, w, b in zip(nodes, f, self.weights, self.biases)], f

    def predict(self) -> Tensors:
        """The free latents at their predictions, from the top down."""
        v, free = self.top, []
        for a, w, b in list(zip(self.p.activations, self.weights, self.biases))[:0:-1]:
            v = torch.nn.functional.linear(phi(a, v), w, b)
            free.insert(0, v)
        return free

    def settle(self) -> Tensors:
        """All nodes after the steps."""
        free = [v.requires_grad_() for v in self.predict()]
        nodes = [self.bottom, *free, self.top]
        for _ in range(self.p.steps):
            energy = sum(0.5 * torch.sum(e**2) for e in self.errors(nodes)[0])
            gradients = torch.autograd.grad(energy, free)
            with torch.no_grad():
                for v, g in zip(free, gradients):
                    v.sub_(self.p.rate * g)
        return nodes

    def energy(self) -> float:
        nodes = self.settle()
        with torch.no_grad():
            return float(sum(0.5 * torch.sum(e**2) for e in self.errors(nodes)[0]))

    def train(self) -> None:
        """Settles, and takes a step of Adam along the Hebbian update."""
        nodes = self.settle()
        with torch.no_grad():
            errors, f = self.errors(nodes)
            for w, b, e, f_n in zip(self.weights, self.biases, errors, f):
                w.grad, b.grad = e.t() @ f_n / self.p.batch, e.mean(0)
            self.adam.step()


class Compiled(Eager):
    """The same batch as one graph for settling and one for training."""

    def __init__(self, problem: Problem):
        super().__init__(problem)
        self.settle = torch.no_grad()(torch.compile(self.settle_graph, fullgraph=True))
        self.train_compiled = torch.no_grad()(torch.compile(self.train_graph, fullgraph=True))

    def reset(self) -> None:
        with torch.no_grad():
            for p, start in zip(self.params, self.start):
                p.copy_(start)
        self.t = torch.zeros(())
        self.first = [torch.zeros_like(p) for p in self.params]
        self.second = [torch.zeros_like(p) for p in self.params]

    def settle_graph(self) -> Tensors:
        free = self.predict()
        for _ in range(self.p.steps):
            e, f = self.errors([self.bottom, *free, self.top])
            back = [e_n @ w for e_n, w in zip(e, self.weights[:-1])]
            slope = [1 - f_n * f_n if a == "tanh" else 1 for a, f_n in zip(self.p.activations, f)]
            free = [v - self.p.rate * (e_n - b * s) for v, e_n, b, s in zip(free, e[1:], back, slope)]
        return [self.bottom, *free, self.top]

    def train_graph(self, t: torch.Tensor, params: Tensors, first: Tensors, second: Tensors) -> None:
        e, f = self.errors(self.settle_graph())
        update = [e_n.t() @ f_n / self.p.batch for e_n, f_n in zip(e, f)] + [e_n.mean(0) for e_n in e]
        t.add_(1)
        for p, m, s, d in zip(params, first, second, update):
            m.mul_(BETA1).add_((1 - BETA1) * d)
            s.mul_(BETA2).add_((1 - BETA2) * d * d)
            p.add_(RATE / (1 - BETA1**t) * m / ((s / (1 - BETA2**t)).sqrt() + EPSILON))

    def train(self) -> None:
        self.train_compiled(self.t, self.params, self.first, self.second)


def measure(problem: Problem, mode: str, threads: int) -> dict[str, float]:
    torch.set_num_threads(threads)
    torch._dynamo.reset()
    peer = {"eager": Eager, "compile": Compiled}[mode](problem)
    result = {"energy": peer.energy()}
    peer.train()
    result["energy_after_update"] = peer.energy()
    peer.reset()
    result["settle_ms"] = time_ms(peer.settle)
    result["train_ms"] = time_ms(peer.train, setup=peer.reset)
    return result


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--mode", choices=["eager", "compile"], default="eager")
    parser.add_argument("--threads", type=int, help="number of threads; default the best of 1 and all cores")
    args = parser.parse_args()
    problem = load(args.file)
    tried = {n: measure(problem, args.mode, n) for n in ([args.threads] if args.threads else {1, cores()})}
    best = {key: min(tried, key=lambda n: tried[n][key]) for key in ("settle_ms", "train_ms")}
    print_json(
        peer=f"torch {args.mode}",
        settle_ms=tried[best["settle_ms"]]["settle_ms"],
        train_ms=tried[best["train_ms"]]["train_ms"],
        energy=tried[best["settle_ms"]]["energy"],
        energy_after_update=tried[best["train_ms"]]["energy_after_update"],
        version=torch.__version__,
        threads=best["settle_ms"],
        best=best,
        tried=tried,
    )


if __name__ == "__main__":
    main()
