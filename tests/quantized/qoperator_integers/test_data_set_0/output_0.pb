
By0J
_eiaw:|®g–