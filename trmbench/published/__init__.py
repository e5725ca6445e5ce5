"""The papers' own figures, presets and weights, with their sources.

A figure is a number as somebody reported it. It is shown next to results, never tested against
them.
"""

from __future__ import annotations

from trmbench.published.figures import Figure, published_figures

__all__ = ["Figure", "published_figures"]
