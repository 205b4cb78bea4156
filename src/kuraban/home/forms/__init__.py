"""Forms for what an owner knows and no mail says: questions whose answers become tables of his TOML files.

`questions` say what a question is, `fields` and `choices` are their kinds; `accounts`, `reach` and `plan` are what is
asked, `suggesting` proposes what to begin with. Nothing here knows of pages.
"""
