"""Import and export of networks from and to other tools."""
