"""Start the attack as a program: `python tests/privacy/attack --organisations 1000 --seed 1`."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])

from attack.program import main  # noqa: E402 - found by the line above

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
