"""What the forms of several features share: fields, the form on one key, its preview, its submission."""
