
BprobabilitiesJ(}À:;£\©:4â!;×ýy?ýw;;Cse;§s;>‹';V¯:Ä=;