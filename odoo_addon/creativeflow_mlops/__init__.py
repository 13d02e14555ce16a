from . import models, wizards
from .hooks import post_init_hook, uninstall_hook
from .quiet_errors import post_load
