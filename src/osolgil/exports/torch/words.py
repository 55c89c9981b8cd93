"""The vocabulary's words as PyTorch functions: pasted into exported files, where the bare words mean single numbers."""

import torch


def _like(values):
    """Numbers as tensors of no axis, which take the type of the tensors they meet."""
    return [v if isinstance(v, torch.Tensor) else torch.tensor(v, dtype=torch.float64) for v in values]


def _word(function):
    return lambda *values: function(*_like(values))


torch_absolute = _word(torch.abs)
torch_arctan = _word(torch.atan)
torch_cos = _word(torch.cos)
torch_erf = _word(torch.erf)
torch_erfc = _word(torch.erfc)
torch_exp = _word(torch.exp)
torch_expm1 = _word(torch.expm1)
torch_floor = _word(torch.floor)
torch_log = _word(torch.log)
torch_log1p = _word(torch.log1p)
torch_maximum = _word(torch.maximum)
torch_minimum = _word(torch.minimum)
torch_sign = _word(torch.sign)
torch_sin = _word(torch.sin)
torch_sqrt = _word(torch.sqrt)
torch_tanh = _word(torch.tanh)
torch_where = _word(torch.where)


def torch_row_maximum(row):
    return torch.amax(row, -1, keepdim=True)


def torch_logsumexp(row):
    return torch.logsumexp(row, -1, keepdim=True)


def torch_logsumexp_above(row):
    return torch_logsumexp(row - torch_row_maximum(row))


def torch_simplex_threshold(row):
    ordered = torch.sort(torch.clamp(row - torch_row_maximum(row), min=-2.0), -1, descending=True).values
    counts = torch.arange(1, row.shape[-1] + 1, dtype=row.dtype, device=row.device)
    return torch_row_maximum((torch.cumsum(ordered, -1) - 1.0) / counts)
