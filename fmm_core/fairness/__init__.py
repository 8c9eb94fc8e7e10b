"""Mitigations: representations in, representations that give away less out."""
