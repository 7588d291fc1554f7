BprobabilitiesJF/á;+L0<‘{<ƒ
y?