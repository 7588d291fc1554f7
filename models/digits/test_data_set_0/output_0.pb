
BprobabilitiesJ(~Ìw?ÎÖ;«€[;¾ÕĞ;Q¥:„d;…`¶;™¾;oÊÖ:Ukv;