"""How observations become numbers, how sure each number is, and whether it changed."""
