from . import decision
