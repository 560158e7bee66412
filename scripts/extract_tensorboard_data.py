"""Extract scalars: ``python scripts/extract_tensorboard_data.py --runs uni_5 --metrics loss``.

The same as ``rulka-analysis extract``.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rulka_analysis.__main__ import run

if __name__ == "__main__":
    run("extract", "extract_tensorboard_data.py")
