"""Recommenders: training interactions and modality features in, representations out."""
