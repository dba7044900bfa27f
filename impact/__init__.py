"""Impact analysis: what a failure hits, and why. No I/O; it knows no store and no web.

``Estate.build`` takes items and links, ``analyse`` lets some of them fail, and ``answer``,
``explain`` and :mod:`impact.render` say what follows. ``blast_radius`` does the first two at once.
"""

from impact.analysis import Analysis, analyse
from impact.answer import BlastRadius
from impact.blast_radius import answer, blast_radius
from impact.estate import Estate
from impact.states import State, failure

__all__ = [
    "Analysis",
    "BlastRadius",
    "Estate",
    "State",
    "analyse",
    "answer",
    "blast_radius",
    "failure",
]
