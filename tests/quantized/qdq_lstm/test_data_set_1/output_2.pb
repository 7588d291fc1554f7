By2J
’5nBg‘6oFy