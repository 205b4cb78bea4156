"""Forms for what an owner knows and no mail says: questions whose answers become tables of his TOML files.

`questions` are the kinds of questions, `reach` and `plan` those that are asked; nothing here knows of pages.
"""
