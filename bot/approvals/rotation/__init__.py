"""What follows a rotation.

overlap  disables the old key after the time in which both keys work
lineage  what a run asks and does about the keys that its key replaced, under their lock
"""
