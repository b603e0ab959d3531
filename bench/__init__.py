"""The figures of docs/benchmarks.md, measured on this machine: `make bench`, or `python -m bench` in a checkout.

Everything runs on 127.0.0.0/8, in temporary folders, and ends with the run.
"""
