
BprobabilitiesJ(Ìƒ!;%LŒ:¿J;˜Œã;?Hn:¥î‚;XøN<W;^Çv?Õ},;