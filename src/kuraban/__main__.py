"""`python -m kuraban`."""

from kuraban.cli import main

raise SystemExit(main())
