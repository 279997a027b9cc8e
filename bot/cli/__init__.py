"""The sub-commands of `keydesk`, as plain functions: parsed arguments in, text to a stream, exit code out.

They know nothing of argparse and of the environment; `__main__` wires both.
"""
