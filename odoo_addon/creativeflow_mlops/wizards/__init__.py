from . import decision
from . import steering
