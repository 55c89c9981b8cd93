"""How the columns of a table become numbers: one small class per kind, all of them plain JSON."""
