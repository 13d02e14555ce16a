from . import team
from . import model
from . import roles
from . import registration
from . import listing
