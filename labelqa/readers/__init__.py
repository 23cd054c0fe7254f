"""Reading and writing annotation files; what was mapped is reported, never guessed."""
