"""Whether a disabled key is dead: `attempts` tries the key once, `check` repeats it until the gateway refuses it."""
