"""`python -m fmm_core …`."""

from fmm_core.cli import main

if __name__ == "__main__":
    main()
