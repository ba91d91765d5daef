"""`python -m huisclos` is the `huisclos` command."""

import sys

from huisclos.app.cli import main

sys.exit(main())
