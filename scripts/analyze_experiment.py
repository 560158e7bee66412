"""Compare runs: ``python scripts/analyze_experiment.py uni_5 uni_6 [--logdir DIR]``.

The same as ``rulka-analysis compare``.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rulka_analysis.__main__ import run

if __name__ == "__main__":
    run("compare", "analyze_experiment.py")
