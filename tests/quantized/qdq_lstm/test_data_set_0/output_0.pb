
By0J(S¬x†wgY‚y<":zC”|À‘„wx~MØCŒyÎˆyoy’y