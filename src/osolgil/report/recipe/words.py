"""The catalog's formulas in a recipe: their sources below the words they use, bound to a library's functions."""

from __future__ import annotations

from osolgil.report.recipe.plan import words_of

_CONVERT = {"torch": "torch.as_tensor", "ops": "ops.convert_to_tensor", "jnp": "jnp.asarray"}
_OWN = {
    "erf": {"torch": "torch.erf", "ops": "ops.erf", "jnp": "jax.scipy.special.erf"},
    "erfc": {"torch": "torch.erfc", "ops": "(lambda x: 1 - ops.erf(x))", "jnp": "jax.scipy.special.erfc"},
    "logsumexp": {
        "torch": "(lambda row: torch.logsumexp(row, -1))",
        "ops": "(lambda row: ops.logsumexp(row, -1))",
        "jnp": "(lambda row: jax.scipy.special.logsumexp(row, axis=-1))",
    },
    "logsumexp_above": {
        "torch": "(lambda row: torch.logsumexp(row - row.amax(-1, keepdim=True), -1))",
        "ops": "(lambda row: ops.logsumexp(row - ops.max(row, -1, keepdims=True), -1))",
        "jnp": "(lambda row: jax.scipy.special.logsumexp(row - row.max(-1, keepdims=True), axis=-1))",
    },
    "row_maximum": {
        "torch": "(lambda row: row.amax(-1))",
        "ops": "(lambda row: ops.max(row, -1))",
        "jnp": "(lambda row: row.max(-1))",
    },
    "row_dot": {
        "torch": "(lambda left, right: (left * right).sum(-1))",
        "ops": "(lambda left, right: ops.sum(left * right, -1))",
        "jnp": "(lambda left, right: (left * right).sum(-1))",
    },
    "row_norm": {
        "torch": "(lambda row: torch.linalg.vector_norm(row, dim=-1))",
        "ops": "(lambda row: ops.norm(row, axis=-1))",
        "jnp": "(lambda row: jnp.linalg.norm(row, axis=-1))",
    },
    "row_size": {
        "torch": "(lambda row: torch.full_like(row[..., 0], row.shape[-1]))",
        "ops": "(lambda row: ops.full_like(row[..., 0], row.shape[-1]))",
        "jnp": "(lambda row: jnp.full_like(row[..., 0], row.shape[-1]))",
    },
}


def pasted(texts: list[str], library: str) -> str:
    """Formulas' sources below the words they use, bound to a library's functions."""
    lines = []
    for word in words_of(texts):
        function = _OWN.get(word, {}).get(library, f"{library}.{word}")
        lines += [
            f"def {word}(*values):",
            f"    return {function}(*map({_CONVERT[library]}, values))",
            "",
            "",
        ]
    return "\n".join(lines) + "\n\n\n".join(texts)
