"""Assess and mitigate what multimodal recommenders give away about people."""

import os

__version__ = "0.1.0"

# Read when torch is first imported. Threads that wait for each other by spinning take a core from those they wait for:
# beside one busy process, two threads took over 120 s for what one does in 13 (PASSIVE: 14; idle, no difference).
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
