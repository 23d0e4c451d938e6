"""`python -m soundpiece_nb.sandbox`: the same as the command `soundpiece-sandbox`."""

from soundpiece_sandbox.__main__ import main

if __name__ == "__main__":
    main()
