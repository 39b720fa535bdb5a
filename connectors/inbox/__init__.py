"""The inbox: files, and rows that jobs push."""
