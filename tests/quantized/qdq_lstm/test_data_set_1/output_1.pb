
By1J(‡a¨_Ž y®‹‹Z|½¨N‚|x.VA9ž´½dƒ[oONBºA»š