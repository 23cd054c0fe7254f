"""Pictures that no label can be trusted on."""
