"""A thin export of the model: versions, aliases, rollback."""
