"""Figures from plain values; no streamlit. Every one works at 430 px and takes its colours as tokens."""
