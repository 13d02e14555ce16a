from . import event
from . import webhook
