"""When the old key of a rotation ends: `overlap` disables it after the time in which both keys work."""
