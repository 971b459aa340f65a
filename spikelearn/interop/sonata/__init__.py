"""Networks of point neurons from and to SONATA (Dai et al. 2020, PLoS Comput. Biol. 16:e1007696)."""
