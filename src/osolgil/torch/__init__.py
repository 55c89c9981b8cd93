"""The diagnosis for PyTorch users: one look at any `nn.Module`, and a watcher for a training loop.

>>> import osolgil.torch  # PyTorch itself is imported when something is diagnosed
>>> osolgil.torch.diagnose.__name__
'diagnose'
"""

from osolgil.torch.diagnosis import ModuleDiagnosis, diagnose
from osolgil.torch.watching import Watcher, watch

__all__ = ["ModuleDiagnosis", "Watcher", "diagnose", "watch"]
