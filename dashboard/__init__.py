"""The dashboard: reads result files and shows them; computes nothing that needs torch, scikit-learn or umap."""
