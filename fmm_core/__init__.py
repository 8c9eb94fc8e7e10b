"""Assess and mitigate what multimodal recommenders give away about people."""

__version__ = "0.1.0"
