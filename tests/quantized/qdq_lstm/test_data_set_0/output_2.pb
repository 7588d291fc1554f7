By2J
î!yQWÅCh6u