"""Diagrams of what flows: values forward, error terms back, through layers and through a graph."""

from nn_core.plotting.networks import sizes_and_weights
from nn_core.plotting.shapes import arrow, box, node, sheet
from nn_core.plotting.style import BLUE, GRAY, PALE_BLUE, PALE_ORANGE, RED


def forward_flow_diagram(network, ax=None, *, n_samples="n"):
    """Draw forward propagation as a row of boxes, with the shape of every array under it.

    >>> ax = forward_flow_diagram([2, 3, 1])
    >>> [t.get_text() for t in ax.texts if "3" in t.get_text()][0]
    '(2, 3) and (3,)'
    """
    sizes, _ = sizes_and_weights(network)
    count = len(sizes) - 1
    ax = sheet(ax, 2.1 + 7.0 * count, 2.9, scale=0.5)
    box(ax, (1.1, 1.7), "$X$", width=1.3, face=PALE_BLUE, size=12)
    ax.text(1.1, 0.95, f"({n_samples}, {sizes[0]})", ha="center", va="top", fontsize=9.5, color="#555555")
    for k in range(1, count + 1):
        x = 1.8 + 7.0 * (k - 1)
        here = f"^{{({k})}}"  # the layer's number, as an upper index
        below = f"A^{{({k - 1})}}" if k > 1 else "X"
        arrow(ax, (x, 1.7), (x + 0.6, 1.7))
        box(ax, (x + 2.4, 1.7), f"$Z{here} = {below} W{here} + b{here}$", width=3.6)
        ax.text(
            x + 2.4,
            2.42,
            f"({sizes[k - 1]}, {sizes[k]}) and ({sizes[k]},)",
            ha="center",
            va="bottom",
            fontsize=9.5,
            color="#555555",
        )
        ax.text(
            x + 2.4, 0.95, f"({n_samples}, {sizes[k]})", ha="center", va="top", fontsize=9.5, color="#555555"
        )
        arrow(ax, (x + 4.2, 1.7), (x + 4.62, 1.7))
        name = r"\hat Y" if k == count else f"A{here}"
        f = "g" if k == count else "f"
        box(
            ax,
            (x + 5.82, 1.7),
            f"${name} = {f}(Z{here})$",
            width=2.4,
            face=PALE_ORANGE if k == count else "white",
        )
        ax.text(
            x + 5.82, 0.95, f"({n_samples}, {sizes[k]})", ha="center", va="top", fontsize=9.5, color="#555555"
        )
    return ax


def error_flow_diagram(network, ax=None):
    """Draw backpropagation: values flow to the loss, error terms flow back.

    Under each error term stands the gradient that it leaves at its layer.
    """
    sizes, _ = sizes_and_weights(network)
    count = len(sizes) - 1
    width = 4.0 + 3.3 * count
    ax = sheet(ax, width, 5.2, scale=0.53)
    top, low, foot = 4.1, 2.2, 0.62
    box(ax, (0.95, top), "$X$", width=1.2, face=PALE_BLUE, size=12)
    centers = [3.1 + 3.3 * (k - 1) for k in range(1, count + 1)]
    for k, x in enumerate(centers, start=1):
        here = f"{{({k})}}"  # the layer's number, as an upper index
        name = r"\hat Y" if k == count else f"A^{here}"
        arrow(ax, (x - 1.55 if k == 1 else x - 2.1, top), (x - 1.2, top))
        box(ax, (x, top), f"layer {k}\n${name} = f(Z^{here})$", width=2.4)
        error = rf"$\delta^{here} = \partial L / \partial Z^{here}$"
        box(ax, (x, low), error, width=2.4, height=0.9, face=PALE_ORANGE, edge=RED)
        arrow(ax, (x, low - 0.45), (x, foot + 0.38), RED, linestyle="--")
        before = r"X^\top" if k == 1 else rf"A^{{({k - 1})\top}}"
        ax.text(
            x,
            foot,
            rf"$dW^{here} = {before} \delta^{here}$" + "\n" + rf"$db^{here} = \Sigma\,\delta^{here}$",
            ha="center",
            va="center",
            fontsize=11.5,
            linespacing=1.4,
        )
        if k > 1:
            arrow(ax, (x - 1.2, low), (x - 2.1, low), RED, linestyle="--")
            weights = rf"$W^{{({k})\top}}$"
            for y, va, name in ((low + 0.16, "bottom", weights), (low - 0.16, "top", "$f'$")):
                ax.text(x - 1.65, y, name, ha="center", va=va, fontsize=9.5, color=RED)
    x = centers[-1] + 2.25
    arrow(ax, (centers[-1] + 1.2, top), (x - 0.5, top))
    node(ax, (x, top), "$L$", radius=0.5, size=13)
    ax.text(x, top + 0.62, r"loss of $\hat Y, Y$", ha="center", va="bottom", fontsize=9)
    arrow(ax, (x, top - 0.5), (centers[-1] + 1.2, low), RED, linestyle="--", bend=-0.35)
    ax.text(0.95, low, "the blame\nflows back", ha="center", va="center", fontsize=10.5, color=RED)
    return ax


def graph_diagram(nodes, edges, forward=None, backward=None, ax=None):
    """Draw a computational graph: values above the nodes, derivatives of the result below.

    Parameters
    ----------
    nodes : dict name -> str
        What stands in each node, such as ``{"x": "$x$", "z": "+"}``.
    edges : list of (name, name)
        From an operand to the operation that uses it.
    forward, backward : dict name -> float, optional

    >>> ax = graph_diagram({"a": "a", "b": "b", "c": "+"}, [("a", "c"), ("b", "c")], forward={"c": 3.0})
    >>> "3" in [t.get_text() for t in ax.texts]
    True
    """
    for name in (name for edge in edges for name in edge):
        if name not in nodes:
            raise ValueError(f"edges must join nodes ({', '.join(nodes)}), got {name!r}")
    depth = {}

    def depth_of(name):
        if name not in depth:
            depth[name] = max((depth_of(a) + 1 for a, b in edges if b == name), default=0)
        return depth[name]

    for name in nodes:
        depth_of(name)
    for name in nodes:  # an operand stands one column before its first use
        used = [depth[b] for a, b in edges if a == name]
        if used and not any(b == name for _, b in edges):
            depth[name] = min(used) - 1
    columns = [[n for n in nodes if depth[n] == d] for d in range(max(depth.values()) + 1)]
    tallest = max(map(len, columns))
    ax = sheet(ax, 1.8 * len(columns), max(1.75 * tallest, 2.2))
    place, height = {}, max(1.75 * tallest, 2.2)
    for d, column in enumerate(columns):
        for row, name in enumerate(column):
            wish = height / 2 + 1.75 * ((len(column) - 1) / 2 - row)
            place[name] = (0.9 + 1.8 * d, wish)
    for a, b in edges:
        arrow(ax, place[a], place[b], GRAY, gap=20)
    for name, text in nodes.items():
        inner = any(b == name for _, b in edges)
        node(ax, place[name], text, face="white" if inner else PALE_BLUE, size=11)
        x, y = place[name]
        if forward is not None and name in forward:
            ax.text(x, y + 0.5, f"{forward[name]:.4g}", ha="center", va="bottom", fontsize=10.5, color=BLUE)
        if backward is not None and name in backward:
            ax.text(
                x,
                y - 0.5,
                f"{backward[name]:.4g}",
                ha="center",
                va="top",
                fontsize=10.5,
                color=RED,
                style="italic",
            )
    return ax
