# SPDX-License-Identifier: Apache-2.0
"""Draws the measured times as bars, one group for each workload, into an SVG file."""
from html import escape

COLORS = {"overtime": "#c0392b", "overtime-fast": "#e74c3c", "overtime-tf32": "#f1948a", "torch": "#8e44ad",
          "torch-tf32": "#bb8fce", "c++": "#34495e", "jax": "#2980b9", "jax-tf32": "#7fb3d5", "drjit": "#27ae60",
          "numba": "#e67e22", "brainpy": "#16a085"}
ROW, GROUP_GAP, LEFT, WIDTH = 18, 30, 150, 420


def bars(rows, scale, unit, top):
    """SVG elements of one group; the slowest bar spans the width."""
    slowest = max(row["min"] for row in rows.values())
    for k, (peer, row) in enumerate(sorted(rows.items(), key=lambda item: item[1]["min"])):
        y, length = top + k * ROW, max(1.0, WIDTH * row["min"] / slowest)
        yield f'<text x="{LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(peer)}</text>'
        color = COLORS.get(peer, "#888")
        yield f'<rect x="{LEFT}" y="{y + 2}" width="{length:.1f}" height="{ROW - 4}" fill="{color}"/>'
        yield f'<text x="{LEFT + length + 6:.1f}" y="{y + 13}">{row["min"] / scale:.3g} {escape(unit)}</text>'


def write(path, results):
    lines, top = [], 20
    for name, result in results.items():
        lines.append(f'<text x="8" y="{top}" font-weight="bold">{escape(name)}</text>')
        lines += bars(result["rows"], result["scale"], result["unit"], top + 6)
        top += len(result["rows"]) * ROW + GROUP_GAP
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 140}" height="{top}"'
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'{head} font-family="sans-serif" font-size="12">\n')
        file.write('<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(lines) + "\n</svg>\n")
