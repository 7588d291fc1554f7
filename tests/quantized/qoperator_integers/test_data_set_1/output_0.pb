
By0J
l`heMd¥q“