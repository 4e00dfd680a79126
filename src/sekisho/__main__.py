"""`python -m sekisho` is the `sekisho` command."""

from sekisho.cli.main import main

if __name__ == "__main__":
    main()
